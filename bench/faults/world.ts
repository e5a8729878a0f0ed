// What every fault is provoked in: the built product with five healthy connections and one that misbehaves, and somebody who writes.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { constants, setPriority } from "node:os";
import path from "node:path";

import { type Product, startProduct } from "#tests/setup/product.ts";

import { noLimits } from "../gatehouse.ts";
import type { CallersOrder } from "./callers.ts";
import type { CrowdOrder, CrowdReport } from "./crowd.ts";
import { pause, type Sample, startLoad, type Target } from "./load.ts";
import { healthyServers, type Manner, type Order, type Report } from "./manners.ts";

const here = import.meta.dirname;

/** A process of the bench that is told what to do over its channel. */
function forked(file: string, args: string[] = []): ChildProcess {
  return fork(path.join(here, file), args, { execArgv: ["--import", "tsx"], cwd: path.resolve(here, "../..") });
}

export interface Upstreams {
  ports: number[];
  /** Those who call the server that misbehaves, and crowds: each in a process of its own, which runs by the time a fault begins. */
  callers: (order: CallersOrder) => Promise<Sample[]>;
  crowd: (order: CrowdOrder) => Promise<CrowdReport>;
  behave: (manner: Manner) => void;
  /** The calls that arrived since it was asked last. */
  ledger: () => Promise<{ executed: string[]; abandoned: number }>;
  stop: () => void;
}

/**
 * A process that makes trouble: it gets what the others leave of the processors. Crowds and servers of others have processors of their own; what is
 * judged is the trouble they make in Gatehouse, not that they take its machine from it here.
 */
function forkedElsewhere(file: string, args: string[] = []): ChildProcess {
  const child = forked(file, args);
  if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  return child;
}

/** A process elsewhere that does what it is told, and answers when it did it. */
function startHand<Order extends object, Answer>(file: string): { ask: (order: Order) => Promise<Answer>; stop: () => void } {
  const child = forkedElsewhere(file);
  const ended = once(child, "exit").then(() => Promise.reject(new Error(`bench/faults/${file} ended.`)));
  ended.catch(() => undefined);
  const ask = async (order: Order) => {
    const said = once(child, "message");
    child.send(order);
    const [answer]: Answer[] = await Promise.race([said, ended]);
    if (answer === undefined) throw new Error(`bench/faults/${file} said nothing.`);
    return answer;
  };
  return { ask, stop: () => void child.disconnect() };
}

/** The servers of one process. */
async function startGroup(name: "healthy" | "unruly"): Promise<Omit<Upstreams, "callers" | "crowd">> {
  const child = (name === "unruly" ? forkedElsewhere : forked)("upstreams.ts", [name]);
  const report = async (): Promise<Report> => {
    const [said]: Report[] = await once(child, "message");
    if (!said) throw new Error("The servers said nothing.");
    return said;
  };
  const tell = (order: Order) => void child.send(order);
  const first = await report();
  return {
    ports: "ports" in first ? first.ports : [],
    behave: (manner) => tell({ manner }),
    ledger: async () => {
      const answer = report();
      tell({ ask: "ledger" });
      const found = await answer;
      return "executed" in found ? found : { executed: [], abandoned: 0 };
    },
    stop: () => void child.disconnect(),
  };
}

export async function startUpstreams(): Promise<Upstreams> {
  const [healthy, unruly] = await Promise.all([startGroup("healthy"), startGroup("unruly")]);
  const callers = startHand<CallersOrder, Sample[]>("callers.ts");
  const crowd = startHand<CrowdOrder, CrowdReport>("crowd.ts");
  return {
    callers: callers.ask,
    crowd: crowd.ask,
    ports: [...healthy.ports, ...unruly.ports],
    behave: unruly.behave,
    ledger: async () => {
      const [ours, theirs] = await Promise.all([healthy.ledger(), unruly.ledger()]);
      return { executed: [...ours.executed, ...theirs.executed], abandoned: ours.abandoned + theirs.abandoned };
    },
    stop: () => {
      for (const { stop } of [healthy, unruly, callers, crowd]) stop();
    },
  };
}

export interface World {
  product: Product;
  upstreams: Upstreams;
  settings: Record<string, string>;
  token: string;
  healthy: Target[];
  unruly: Target;
}

export async function mintToken(product: Product, name: string): Promise<string> {
  const scopes = ["mcp:read", "mcp:write"];
  return (await product.api<{ token: string }>("agentToken.create", { name, scopes, expiresInDays: 1 })).token;
}

/** Starts the product on an empty database and connects the servers. */
export async function startWorld(upstreams: Upstreams, settings: Record<string, string>): Promise<World> {
  const all = { LOG_LEVEL: "error", ...noLimits, ...settings };
  const product = await startProduct(all);
  const targets: Target[] = [];
  for (const [index, port] of upstreams.ports.entries()) {
    const { id } = await product.api<{ id: string }>("connection.create", {
      name: `Server ${index}`,
      url: `http://127.0.0.1:${port}/mcp`,
      authType: "none",
      credentialMode: "shared",
      access: { organization: true, membershipIds: [], teamIds: [] },
    });
    targets.push({ connectionId: id, index });
  }
  const unruly = targets[healthyServers];
  if (!unruly) throw new Error("There is no server to misbehave.");
  const token = await mintToken(product, "load");
  const world = { product, upstreams, settings: all, token, healthy: targets.slice(0, healthyServers), unruly };
  // Until V8 has compiled what a call does: the first half of a round is no slower than the second.
  const warm = steady(world);
  await pause(15_000);
  await warm.stop();
  return world;
}

/** The load on the healthy connections. */
export function steady({ product, token, healthy }: World) {
  return startLoad({ origin: product.origin, token, targets: healthy, perSecond: 100, atOnce: 120, patienceMs: 60_000 });
}

/** Five writes a second over the machine interface; `stop` returns the ids that were acknowledged. */
export function startWriter({ product }: World): { stop: () => Promise<string[]> } {
  const acknowledged: string[] = [];
  let isOver = false;
  const write = async () => {
    while (!isOver) {
      const input = { name: `write ${acknowledged.length}`, scopes: ["mcp:read"], expiresInDays: 1 };
      await product.api<{ id: string }>("agentToken.create", input).then(
        ({ id }) => acknowledged.push(id),
        () => undefined,
      );
      await pause(200);
    }
  };
  const writing = write();
  return {
    stop: async () => {
      isOver = true;
      await writing;
      return acknowledged;
    },
  };
}

/** How many of these acknowledged writes the product does not know. */
export async function lostWrites(product: Product, acknowledged: readonly string[]): Promise<number> {
  const stored = await product.api<{ id: string }[]>("agentToken.list", undefined, "query");
  const known = new Set(stored.map(({ id }) => id));
  return acknowledged.filter((id) => !known.has(id)).length;
}

/** Milliseconds until a call to `target` is answered right; tried every 100 ms for a minute at most. */
export async function recovery({ product, token }: World, target: Target): Promise<number> {
  const began = performance.now();
  while (performance.now() - began < 60_000) {
    const one = startLoad({ origin: product.origin, token, targets: [target], perSecond: 10, atOnce: 1, patienceMs: 5_000 });
    await pause(150);
    if ((await one.stop()).some(({ end }) => end === "right")) return performance.now() - began;
  }
  return Number.POSITIVE_INFINITY;
}
