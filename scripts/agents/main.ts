// Every real agent that can be run without its vendor: added by URL, signed in through the real pages in a browser, judged on the wire.
// `npm run agents [-- part of a name]`; the whole run writes docs/reports/agents.md.
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";

import { echoTool, startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { startProduct } from "#tests/setup/product.ts";

import { installJudges } from "../judges.mjs";
import { ensureBrowser } from "../programs.mjs";
import { agents, type Agent } from "./known.ts";
import { startPerson } from "./person.ts";
import { makeHome } from "./program.ts";
import { factsOf, startWire } from "./wire.ts";

const wanted = process.argv[2]?.toLowerCase();
const chosen = agents.filter(({ name }) => !wanted || name.toLowerCase().includes(wanted));
const report = path.resolve(import.meta.dirname, "../../docs/reports/agents.md");

/** Behind PUBLIC_URL the product does not say which port it took. */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  return typeof address === "object" && address ? address.port : 0;
}

if (!(await ensureBrowser())) throw new Error("There is no browser to sign in with, and none could be installed.");
const installed = await installJudges([...new Set(agents.map((agent) => agent.package))]);
// Not below the system's temporary folder: Codex refuses a home there.
const base = await mkdtemp(path.join(process.env.XDG_CACHE_HOME ?? installed, "homes-"));
const wire = await startWire();
const origin = `http://localhost:${wire.port}`;
const upstream = await startUpstream([echoTool]);
wire.productPort = await freePort();
const product = await startProduct({ PUBLIC_URL: origin, PORT: String(wire.productPort) });
const person = await startPerson({ email: "owner@example.com", password: "correct horse battery" });

const yes = (fact: boolean) => (fact ? "yes" : "no");

async function tryOut(agent: Agent, capability: string): Promise<string[]> {
  wire.exchanges.length = 0;
  wire.withoutDocuments = agent.withoutDocument ?? false;
  const home = await makeHome(base, agent.name.toLowerCase().replaceAll(/[^a-z]+/g, "-"));
  const started = Date.now();
  const trial = { url: `${origin}/mcp/agent`, origin, installed, home, capability, letIn: person.letIn };
  const runs = await agent.run(trial);
  const seconds = ((Date.now() - started) / 1_000).toFixed(1);
  const facts = factsOf(wire.exchanges);
  const canCall = agent.needsModel !== true;
  const whole = facts.signedIn && facts.connected && (!canCall || (facts.listed && facts.searched && facts.executed));
  if (!whole) process.exitCode = 1;
  if (!whole || process.env.VERBOSE) {
    for (const { code, output } of runs) console.log(`  [${code}] ${output.trim().slice(-1_500).replaceAll("\n", "\n  ")}`);
    for (const { method, path: address, status } of wire.exchanges) console.log(`  ${method} ${address.slice(0, 60)} ${status}`);
  }
  const called = (fact: boolean) => (fact || canCall ? yes(fact) : "needs a model");
  return [
    agent.name,
    agent.package.slice(agent.package.lastIndexOf("@") + 1),
    facts.registration,
    facts.revision ?? "-",
    yes(facts.signedIn),
    facts.listed || canCall ? yes(facts.listed) : facts.connected ? "handshake only" : "no",
    called(facts.searched),
    called(facts.executed),
    seconds,
    agent.note ?? "",
  ];
}

try {
  const { id } = await product.api<{ id: string }>("connection.create", {
    name: "Echo",
    url: upstream.url,
    authType: "none",
    credentialMode: "shared",
    access: { organization: true, teamIds: [], membershipIds: [] },
  });
  await product.api("connection.connect", { id });
  const head = [
    "Agent",
    "Version",
    "Registration",
    "MCP",
    "Signed in",
    "Tools listed",
    "Search called",
    "Execute called",
    "Seconds",
    "Note",
  ];
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const table = [line(head), line(head.map(() => "---"))];
  console.log(table.join("\n"));
  for (const agent of chosen) {
    const row = line(await tryOut(agent, `mcp:${id}:echo`));
    console.log(row);
    table.push(row);
  }
  if (!wanted) {
    const about = [
      "# Real agents sign in by URL",
      "",
      "Written by `npm run agents`: each agent, in a home of its own, is given the URL alone; a browser signs in, chooses the organization and allows it. What it did was",
      "read from its requests, not from what it prints. Claude Code and Codex name a metadata document on the internet (CIMD), where this run does not go: CIMD is hidden from them, and they register (DCR).",
      "",
    ];
    await writeFile(report, `${[...about, ...table].join("\n")}\n`);
  }
} finally {
  await person.close();
  await product.stop();
  await upstream.close();
  wire.close();
  await rm(base, { recursive: true, force: true });
}
