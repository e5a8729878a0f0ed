// `npm run soak [minutes]`: twenty servers behind the built product, five of which misbehave in turn after the first fifth of the time. Judges what
// the other fifteen notice of it, wrong answers, memory and sockets. Writes docs/reports/soak.md.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";

import { startProduct } from "#tests/setup/product.ts";

import { drive, p99, type Tally, type Target } from "./load.ts";

const root = path.resolve(import.meta.dirname, "../..");
const minutes = Number(process.argv[2] ?? 15);
if (!(minutes > 0)) throw new Error("npm run soak -- <minutes>");
const healthyCount = 15;
const lines: string[] = [];
const say = (line: string) => {
  lines.push(line);
  process.stdout.write(`${line}\n`);
};

const residentMb = (pid: number) => Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024);
const handles = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const child = spawn(process.execPath, ["--import", "tsx", path.join(root, "bench/soak/upstreams.ts")], {
  stdio: ["pipe", "pipe", "inherit"],
  cwd: root,
});
const [line] = await once(createInterface({ input: child.stdout }), "line");
const ports: number[] = JSON.parse(String(line));
const product = await startProduct({ LOG_LEVEL: "error" });

async function connectAll(): Promise<Target[]> {
  const targets: Target[] = [];
  for (const [index, port] of ports.entries()) {
    const { id } = await product.api<{ id: string }>("connection.create", {
      name: `Server ${index}`,
      url: `http://127.0.0.1:${port}/mcp`,
      authType: "none",
      credentialMode: "shared",
      access: { organization: true, membershipIds: [], teamIds: [] },
    });
    targets.push({ connectionId: id, index, healthy: index < healthyCount });
  }
  return targets;
}

/** Memory and handles of the product, every `everyMs` until `until`. */
async function watch(until: number, everyMs: number): Promise<{ at: number; mb: number; handles: number }[]> {
  const samples = [];
  while (Date.now() < until) {
    samples.push({ at: Date.now(), mb: residentMb(product.pid), handles: handles(product.pid) });
    await pause(everyMs);
  }
  return samples;
}

/** People look at their connections meanwhile, which lists the stale ones anew. */
async function search(token: string, until: number): Promise<number> {
  let searches = 0;
  while (Date.now() < until) {
    const response = await fetch(`${product.origin}/mcp/agent`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", accept: "application/json, text/event-stream" },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "tools/call",
        params: { name: "search_capabilities", arguments: { query: "echo", limit: 20 } },
      }),
    });
    const answer: { result?: { structuredContent?: { matches?: unknown[] } } } = await response.json();
    if ((answer.result?.structuredContent?.matches?.length ?? 0) < healthyCount) throw new Error("A search lost healthy servers.");
    searches += 1;
    await pause(1_000);
  }
  return searches;
}

/** The median of the resident memory of these samples. */
function typicalMb(samples: readonly { mb: number }[]): number {
  const sorted = samples.map(({ mb }) => mb).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

try {
  const targets = await connectAll();
  const scopes = ["mcp:read", "mcp:write"];
  const { token } = await product.api<{ token: string }>("agentToken.create", { name: "soak", scopes, expiresInDays: 1 });
  const common = { origin: product.origin, token };
  const good = { ...common, targets: targets.filter(({ healthy }) => healthy), perSecond: 60, atOnce: 40 };
  const bad = { ...common, targets: targets.filter(({ healthy }) => !healthy), perSecond: 10, atOnce: 60 };
  await drive(good, Date.now() + 5_000);

  const total = minutes * 60_000;
  /** An admin presses "Refresh now" on the five: listings meet the same manners as calls. */
  const refresh = async (until: number) => {
    for (let turn = 0; Date.now() < until; turn += 1) {
      const target = bad.targets[turn % bad.targets.length];
      if (target) await product.api("connection.refresh", { id: target.connectionId }).catch(() => undefined);
      await pause(2_000);
    }
  };
  /** The same work in both phases: what differs is how the five behave. */
  const work = (until: number) => Promise.all([drive(good, until), drive(bad, until), search(token, until), refresh(until)]);
  const [before, tame, earlier] = await work(Date.now() + total / 5);
  const calmHandles = handles(product.pid);
  child.stdin.write("misbehave\n");
  const until = Date.now() + (total * 4) / 5;
  const [[during, unruly, later], samples] = await Promise.all([work(until), watch(until, Math.max(1_000, total / 120))]);
  const searches = earlier + later;
  child.stdin.write("behave\n");
  await pause(Math.min(60_000, total / 8));
  const after: Tally = await drive({ ...bad, perSecond: 20 }, Date.now() + 5_000);
  // Kept connections to servers close after seconds, sessions of HTTP alone hold none.
  await pause(Math.min(60_000, Math.max(20_000, total / 8)));
  const endHandles = handles(product.pid);

  const [first, last] = [p99(before.times), p99(during.times)];
  const third = Math.ceil(samples.length / 3);
  const [early, late] = [typicalMb(samples.slice(0, third)), typicalMb(samples.slice(-third))];
  const wrong = [...before.wrong, ...tame.wrong, ...during.wrong, ...unruly.wrong, ...after.wrong];
  const verdicts = [
    {
      what: "wrong answers",
      value: `${wrong.length} of ${before.calls + tame.calls + during.calls + unruly.calls + after.calls}`,
      ok: wrong.length === 0,
    },
    {
      what: "p99 of the healthy 15, without and with the other five",
      value: `${first.toFixed(1)} ms, ${last.toFixed(1)} ms (${(last / first).toFixed(2)}x)`,
      ok: last <= first * 1.5,
    },
    { what: "resident memory, first and last third", value: `${early} MB, ${late} MB`, ok: late <= early * 1.1 },
    { what: "open handles before and after", value: `${calmHandles}, ${endHandles}`, ok: endHandles <= calmHandles + 20 },
    {
      what: "the five, once they behave again",
      value: `${after.calls - after.refusals - after.wrong.length} of ${after.calls} calls answered`,
      ok: after.refusals === 0 && after.calls > 0,
    },
  ];
  say(`# Soak, ${minutes} minutes\n`);
  say(
    "`npm run soak`: twenty servers behind the built product, the same calls, searches and refreshes all the time; after the first fifth of it five of the servers misbehave in turn: they hang, send garbage, reset, drip, send too much, die and come back, answer 401, 403, 429, 500, with wrong ids, with other tools at each list. Calls at a fixed pace through `/mcp/agent`; each answer is checked by its content.\n",
  );
  say("| what | seen | verdict |\n| --- | --- | --- |");
  for (const { what, value, ok } of verdicts) say(`| ${what} | ${value} | ${ok ? "pass" : "FAIL"} |`);
  say(
    `\nCalls to the healthy: ${before.calls} before, ${during.calls} during. To the five: ${unruly.calls}, of which ${unruly.refusals} ended in words or were given up. Searches: ${searches}.`,
  );
  for (const words of wrong.slice(0, 10)) say(`- ${words}`);
  await mkdir(path.join(root, "docs/reports"), { recursive: true });
  await writeFile(path.join(root, "docs/reports/soak.md"), `${lines.join("\n")}\n`);
  process.exitCode = verdicts.every(({ ok }) => ok) ? 0 : 1;
} finally {
  child.stdin.end();
  await product.stop();
}
