// What a call costs through seven reference servers and through Gatehouse on both databases: each way in turn with the direct call, one way after the other.
import { setTimeout } from "node:timers/promises";

import { drive, type Load, median } from "./drive.ts";
import { connectTo, databases, directLoad, gatewayLoad, openDatabase, startOn, tokensFor } from "./gatehouse.ts";
import { cpuSeconds, type Program, residentMb, startProgram } from "./program.ts";
import type { Amount, Row } from "./report.ts";

interface Subject {
  name: string;
  pid: number;
  load: (tool: string) => Load;
  /** Requests that one call makes upstream. */
  requests?: number;
  /** Part of the calls that others make: it takes several times as long for each. */
  share?: number;
  stop: () => Promise<void>;
}

interface Round {
  p50AtOne: number;
  p99AtOne: number;
  perSecond: number;
  p50: number;
  p99: number;
  slowPerSecond: number;
  cpuPerThousand: number;
}

const token = "reference-token";
/** Calls in one round: one after the other, fifty at once, fifty at once with the slow upstream. */
const counts = { one: 1_000, fifty: 10_000, slow: 3_000 };

/** Milliseconds of calls before a way is measured. */
const warmUpMs = 15_000;

async function reference(name: string, file: string, echo: string, ...how: string[]): Promise<Subject> {
  const { pid, origin, stop } = await startProgram(`references/${file}`, echo, token, ...how);
  // The proxy passes a direct call on; the gateways take ours.
  const load = (tool: string): Load =>
    file === "proxy"
      ? { ...directLoad(origin, tool), path: "/mcp/agent", headers: gatewayLoad([], [token], [], tool).headers }
      : gatewayLoad([origin], [token], ["reference"], tool);
  return { name, pid, load, stop };
}

async function gatehouse(database: (typeof databases)[number], echo: string): Promise<Subject> {
  const { url, remove } = await openDatabase(database);
  const product = await startOn(url);
  const [ids, tokens] = [await connectTo(product, echo, 1), await tokensFor(product, 10)];
  const stop = async () => {
    await product.stop();
    await remove();
    // Warnings and errors: what is measured beside them is not what was meant to be.
    for (const line of product.output().split("\n")) if (line.startsWith("{")) process.stderr.write(`${line}\n`);
  };
  return { name: `Gatehouse, ${database}`, pid: product.pid, load: (tool) => gatewayLoad([product.origin], tokens, ids, tool), stop };
}

async function measure({ load, pid }: Subject, share: number): Promise<Round> {
  const [fast, slow] = [load("echo"), load("echo_slow")];
  const one = await drive(fast, 1, counts.one * share);
  const before = cpuSeconds(pid);
  const fifty = await drive(fast, 50, counts.fifty * share);
  // What a server does afterwards for these calls is part of their price.
  await setTimeout(200);
  const cpuPerThousand = ((cpuSeconds(pid) - before) / (counts.fifty * share)) * 1_000;
  const waiting = await drive(slow, 50, counts.slow * share);
  const { p50, p99, perSecond } = fifty;
  return { p50AtOne: one.p50, p99AtOne: one.p99, perSecond, p50, p99, slowPerSecond: waiting.perSecond, cpuPerThousand };
}

/** Throws unless each of these calls made exactly the requests upstream that it should, which is one. */
async function countRequests({ load, name, requests: each = 1 }: Subject, echo: Program, count: number): Promise<void> {
  const counted = async (): Promise<number> => {
    const { requests }: { requests: number } = await (await fetch(`${echo.origin}/count`)).json();
    return requests;
  };
  const before = await counted();
  await drive(load("echo"), 10, count);
  const made = (await counted()) - before;
  if (made !== count * each) throw new Error(`${count} calls through ${name} made ${made} upstream requests.`);
}

/** One round of a way, and the round of direct calls right before or after it. */
interface Pair {
  own: Round;
  base: Round;
}

/** A way and the direct call in turn. Nobody idles for long: what a process had in memory goes cold then, and its next calls say more of that. */
async function measurePairs(way: Subject, direct: Subject, { rounds, share }: Amount): Promise<Pair[]> {
  const ownShare = share * (way.share ?? 1);
  for (const [subject, part] of [
    [direct, share],
    [way, ownShare],
  ] as const) {
    // Until the code that runs again and again is compiled, which takes tens of thousands of calls: a gateway runs for weeks.
    await drive(subject.load("echo"), 10, 4_000 * part);
    const until = performance.now() + warmUpMs * share;
    while (performance.now() < until) await drive(subject.load("echo"), 50, 1_000 * part);
    await drive(subject.load("echo_slow"), 50, 100);
  }
  const pairs: Pair[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // Every other round backwards: what drifts in the machine drifts for both.
    const early = round % 2 ? await measure(way, ownShare) : null;
    const base = await measure(direct, share);
    pairs.push({ own: early ?? (await measure(way, ownShare)), base });
  }
  process.stderr.write(`calls: ${way.name}, ${rounds} rounds\n`);
  return pairs;
}

/** The rows of the table; each column is one of the ways. */
export async function callRows(amount: Amount): Promise<{ columns: string[]; rows: Row[] }> {
  const echo = await startProgram("echo-upstream");
  const subjects: Subject[] = [{ name: "direct", pid: echo.pid, load: (tool) => directLoad(echo.origin, tool), stop: echo.stop }];
  try {
    subjects.push(await reference("bare proxy", "proxy", echo.origin));
    subjects.push(await reference("lean gateway", "lean", echo.origin));
    subjects.push(await reference("SDK gateway, v1", "sdk-v1", echo.origin));
    subjects.push(await reference("v1, shared validator", "sdk-v1", echo.origin, "shared"));
    subjects.push(await reference("v1, raw upstream", "sdk-v1", echo.origin, "raw"));
    const anew = await reference("v1, connect and list for each call", "sdk-v1", echo.origin, "anew");
    // Hello, its notification, the list, the call.
    subjects.push({ ...anew, requests: 4, share: 0.2 });
    subjects.push(await reference("SDK gateway, v2", "sdk-v2", echo.origin));
    for (const database of databases) subjects.push(await gatehouse(database, echo.origin));
    const [direct, ...ways] = subjects;
    if (!direct) throw new Error("There is nothing to compare with.");
    const measured = new Map<string, Pair[]>();
    for (const way of ways) {
      measured.set(way.name, await measurePairs(way, direct, amount));
      await countRequests(way, echo, 1_000 * amount.share);
    }
    const bases = [...measured.values()].flat().map(({ base }) => ({ own: base, base }));
    measured.set(direct.name, bases);
    const memory = subjects.map(({ pid }) => residentMb(pid));
    /** The median over the rounds of a figure, which may look at the direct calls beside them. */
    const each = (figure: (own: Round, base: Round) => number) =>
      subjects.map(({ name }) => median((measured.get(name) ?? []).map(({ own, base }) => figure(own, base))));
    const rows: Row[] = [
      { what: "p50 at c=1, ms", values: each(({ p50AtOne }) => p50AtOne), digits: 2 },
      { what: "added p50 at c=1, ms", values: each((own, base) => own.p50AtOne - base.p50AtOne), digits: 2, aim: { atMost: 0.8 } },
      { what: "added p99 at c=1, ms", values: each((own, base) => own.p99AtOne - base.p99AtOne), digits: 2, aim: { atMost: 3 } },
      { what: "calls/s at c=50", values: each(({ perSecond }) => perSecond), digits: 0, aim: { atLeast: 3_000 } },
      { what: "p50 at c=50, ms", values: each(({ p50 }) => p50), digits: 1 },
      { what: "p99 at c=50, ms", values: each(({ p99 }) => p99), digits: 1, aim: { atMost: 40 } },
      {
        what: "share of the direct rate, 50 ms upstream, c=50, %",
        values: each((own, base) => (own.slowPerSecond / base.slowPerSecond) * 100),
        digits: 0,
        aim: { atLeast: 92 },
      },
      { what: "CPU seconds per 1,000 calls", values: each(({ cpuPerThousand }) => cpuPerThousand), digits: 2, aim: { atMost: 0.4 } },
      { what: "resident memory after the load, MB", values: memory, digits: 0 },
    ];
    return { columns: subjects.map(({ name }) => name), rows };
  } finally {
    for (const { stop } of subjects.reverse()) await stop();
  }
}
