// What bounds calls to one third-party server: pauses after failures and on request, places and turns, and second tries only where they do no harm.
import { setMaxListeners } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { json } from "node:stream/consumers";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { pauseOf } from "#server/upstream/pause.ts";
import { closeAllSessions } from "#server/upstream/sessions.ts";
import type { UpstreamTarget } from "#server/upstream/target.ts";
import { createMember, createOrganization, type Person } from "#prisma/factories.ts";
import { echoTool, type FakeUpstream, startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { startSessionUpstream } from "#tests/fakes/session-upstream.ts";
import { resetDatabase, useDatabase } from "#tests/setup/database.ts";
import { call, connectTo, giveKey, targetFor } from "#tests/setup/upstream.ts";

useDatabase();

const hello = { content: [{ type: "text", text: "hello" }] };
const open: { close: () => Promise<void> }[] = [];
let org: Awaited<ReturnType<typeof createOrganization>>;
let owner: Person;
let upstream: FakeUpstream;
let target: UpstreamTarget;

beforeEach(async () => {
  await resetDatabase();
  org = await createOrganization("Acme");
  owner = await createMember(org, { role: "owner" });
  upstream = await startUpstream([echoTool]);
  open.push(upstream);
  target = await targetFor(await connectTo(owner, upstream.url));
});
afterEach(async () => {
  vi.useRealTimers();
  await closeAllSessions();
  await Promise.all(open.splice(0).map(({ close }) => close()));
});

/** Takes the calls, and nothing else, out of the server's hands. */
function answerCalls(respond: (res: ServerResponse) => void): void {
  upstream.intercept = (_req, res, body) => {
    if (typeof body !== "object" || body === null || !("method" in body) || body.method !== "tools/call") return false;
    respond(res);
    return true;
  };
}
const status = (code: number, headers: Record<string, string> = {}) => answerCalls((res) => res.writeHead(code, headers).end());
const reached = () => upstream.received.filter(({ rpcMethod }) => rpcMethod === "tools/call").length;

async function failures(count: number, at = target): Promise<void> {
  for (let n = 0; n < count; n += 1) await expect(call(at)).rejects.toMatchObject({ reason: "unreachable", isServerFault: true });
}

/** The clock of the pauses; everything else runs on. */
function later(ms: number): void {
  const now = Date.now() + ms;
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.setSystemTime(now);
}

describe("a server that fails five times in a row", () => {
  test("is left alone for ten seconds; then one call tries it, while the others are told at once", async () => {
    status(503);
    await failures(5);
    const calls = reached();
    await expect(call(target)).rejects.toMatchObject({ reason: "paused", retryAfterSeconds: 10 });
    expect(reached()).toBe(calls);
    expect(pauseOf(target)).toMatchObject({ why: "failing" });

    later(10_100);
    const held: ServerResponse[] = [];
    answerCalls((res) => held.push(res));
    const probe = call(target);
    probe.catch(() => undefined);
    await expect.poll(() => held.length).toBe(1);
    await expect(call(target)).rejects.toMatchObject({ reason: "paused", retryAfterSeconds: 10 });
    later(10_100);
    // It takes long: the others go out again, whatever becomes of it.
    upstream.intercept = null;
    expect(await call(target)).toMatchObject(hello);
    held[0]?.writeHead(503).end();
    await expect(probe).rejects.toMatchObject({ reason: "unreachable" });
    await expect(call(target)).rejects.toMatchObject({ reason: "paused", retryAfterSeconds: 10 });

    later(10_100);
    upstream.intercept = null;
    expect(await call(target)).toMatchObject(hello);
    expect(pauseOf(target)).toBeNull();
    expect(await Promise.all([call(target), call(target)])).toMatchObject([hello, hello]);
  });

  test("is not well again because somebody gave up the call that tried it", async () => {
    status(503);
    await failures(5);
    later(10_100);
    answerCalls(() => undefined);
    const caller = new AbortController();
    const probe = call(target, {}, { signal: caller.signal });
    await expect.poll(reached).toBe(6);
    caller.abort(new DOMException("gone", "AbortError"));
    await expect(probe).rejects.toMatchObject({ reason: "cancelled" });
    await expect(call(target)).rejects.toMatchObject({ reason: "paused", retryAfterSeconds: 10 });
  });

  test.each(["is given up", "fails"])("is well again once it answers that call, also when an older one %s meanwhile", async (end) => {
    const held: ServerResponse[] = [];
    const hold = () => answerCalls((res) => held.push(res));
    hold();
    const caller = new AbortController();
    const older = call(target, {}, { signal: caller.signal });
    await expect.poll(reached).toBe(1);
    status(503);
    await failures(5);
    later(10_100);
    hold();
    const probe = call(target);
    await expect.poll(() => held.length).toBe(2);
    if (end === "fails") held[0]?.writeHead(503).end();
    else caller.abort(new DOMException("gone", "AbortError"));
    await expect(older).rejects.toMatchObject({ reason: end === "fails" ? "unreachable" : "cancelled" });
    held[1]?.writeHead(400).end();
    await expect(probe).rejects.toMatchObject({ isServerFault: false });
    upstream.intercept = null;
    expect(await call(target)).toMatchObject(hello);
  });

  test("is one that is gone, too; and one whose time is over", async () => {
    const silent = await targetFor(await connectTo(owner, upstream.url, { name: "Silent" }));
    answerCalls(() => undefined);
    const over = (reason: DOMException) => {
      const caller = new AbortController();
      const calling = call(silent, {}, { signal: caller.signal });
      setImmediate(() => caller.abort(reason));
      return calling;
    };
    // People who give up say nothing about the server.
    for (let n = 0; n < 6; n += 1)
      await expect(over(new DOMException("gone", "AbortError"))).rejects.toMatchObject({ reason: "cancelled" });
    expect(pauseOf(silent)).toBeNull();
    for (let n = 0; n < 5; n += 1)
      await expect(over(new DOMException("over", "TimeoutError"))).rejects.toMatchObject({ reason: "timeout" });
    expect(pauseOf(silent)).toMatchObject({ why: "failing" });
    await upstream.close();
    await failures(5);
    expect(pauseOf(target)).toMatchObject({ why: "failing" });
  });

  test("is another than one that refuses, or whose tool failed, however often", async () => {
    for (const code of [400, 403, 404, 429]) {
      status(code);
      for (let n = 0; n < 6; n += 1) await expect(call(target)).rejects.toMatchObject({ isServerFault: false });
    }
    upstream.intercept = null;
    upstream.tools = [{ ...echoTool, run: () => ({ isError: true, content: [{ type: "text", text: "no" }] }) }];
    for (let n = 0; n < 6; n += 1) expect(await call(target)).toMatchObject({ isError: true });
    status(500);
    await failures(4);
    // It is alive: the count begins anew.
    status(403);
    await expect(call(target)).rejects.toMatchObject({ reason: "protocol_error" });
    status(500);
    await failures(4);
    expect(pauseOf(target)).toBeNull();
  });

  test("is left alone with the credential that met it, and not with another one's or a new one", async () => {
    const id = await connectTo(owner, upstream.url, { name: "Own keys", credentialMode: "per_member", apiKey: "key-1" });
    const other = await createMember(org, { role: "member" });
    await giveKey(id, other.actor.membershipId, "key-2");
    const mine = await targetFor(id, owner.actor.membershipId);
    const theirs = await targetFor(id, other.actor.membershipId);
    status(500);
    await failures(5, mine);
    upstream.intercept = null;
    await expect(call(mine)).rejects.toMatchObject({ reason: "paused" });
    expect(await call(theirs)).toMatchObject(hello);
    await giveKey(id, owner.actor.membershipId, "key-3");
    expect(await call(await targetFor(id, owner.actor.membershipId))).toMatchObject(hello);
  });
});

describe("a server that says how long to wait (429)", () => {
  test("is not called before; an hour is the most it can ask for", async () => {
    status(429, { "retry-after": "60" });
    await expect(call(target)).rejects.toMatchObject({ reason: "rate_limited", retryAfterSeconds: 60 });
    const calls = reached();
    later(30_000);
    await expect(call(target)).rejects.toMatchObject({ reason: "rate_limited", retryAfterSeconds: expect.closeTo(30, -1) });
    expect(reached()).toBe(calls);
    later(31_000);
    status(429, { "retry-after": "999999" });
    await expect(call(target)).rejects.toMatchObject({ reason: "rate_limited" });
    later(3_600_100);
    upstream.intercept = null;
    expect(await call(target)).toMatchObject(hello);
  });

  test("is believed in the handshake, too", async () => {
    await closeAllSessions();
    upstream.intercept = (_req, res) => {
      res.writeHead(429, { "retry-after": "20" }).end();
      return true;
    };
    await expect(call(target)).rejects.toMatchObject({ reason: "rate_limited", retryAfterSeconds: 20 });
    upstream.received.length = 0;
    await expect(call(target)).rejects.toMatchObject({ reason: "rate_limited" });
    expect(upstream.received).toEqual([]);
  });
});

describe("places", () => {
  test("are taken in turn by those who wait, whoever came with how many; a place of one who gives up is free", async () => {
    const held: ServerResponse[] = [];
    let order: string[] = [];
    upstream.intercept = (_req, res, body) => {
      const said = JSON.stringify(body);
      if (!said.includes('"tools/call"')) return false;
      order.push(/"text":"(\w+)"/.exec(said)?.[1] ?? "");
      held.push(res);
      return true;
    };
    const leave = new AbortController();
    setMaxListeners(0, leave.signal);
    const by = (caller: string, count: number, signal = leave.signal) =>
      Array.from({ length: count }, () => call(target, { arguments: { text: caller } }, { caller, signal }).catch(() => undefined));
    // One member gets 75 of the 100 places and waits for more, with room left for the others.
    const calls = by("Ann", 90);
    await expect.poll(() => order.length).toBe(75);
    calls.push(...by("Bob", 30));
    await expect.poll(() => order.length).toBe(100);
    const impatient = new AbortController();
    const gone = by("Cid", 1, impatient.signal);
    calls.push(...by("Dan", 2));
    impatient.abort();
    await Promise.all(gone);
    order = [];
    for (const count of [1, 2, 3, 4]) {
      held.shift()?.writeHead(403).end();
      await expect.poll(() => order.length).toBe(count);
    }
    expect(order).toEqual(["Ann", "Bob", "Dan", "Ann"]);
    leave.abort();
    await Promise.all(calls);
    upstream.intercept = null;
    expect(await call(target)).toMatchObject(hello);
  });

  test("are waited for by so many of one member, and by others all the same", async () => {
    const leave = new AbortController();
    setMaxListeners(0, leave.signal);
    answerCalls(() => undefined);
    const by = (caller: string, count: number) =>
      Array.from({ length: count }, () => call(target, {}, { caller, signal: leave.signal }).catch((error: unknown) => error));
    const calls = by("Ann", 75 + 250);
    await expect.poll(reached).toBe(75);
    const [tooMany] = by("Ann", 1);
    expect(await tooMany).toMatchObject({ reason: "busy" });
    calls.push(...by("Bob", 25 + 1));
    await expect.poll(reached).toBe(100);
    leave.abort();
    expect(await Promise.all(calls)).toEqual(calls.map(() => expect.objectContaining({ reason: "cancelled" })));
  });

  test("that do not become free in five seconds are told as busy", async () => {
    const leave = new AbortController();
    setMaxListeners(0, leave.signal);
    answerCalls(() => undefined);
    const calls = Array.from({ length: 75 }, () => call(target, {}, { signal: leave.signal }).catch(() => undefined));
    await expect.poll(reached).toBe(75);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const waiting = call(target);
    waiting.catch(() => undefined);
    await vi.advanceTimersByTimeAsync(5_000);
    await expect(waiting).rejects.toMatchObject({ reason: "busy", retryAfterSeconds: 5 });
    vi.useRealTimers();
    leave.abort();
    await Promise.all(calls);
    expect(reached()).toBe(75);
  });
});

describe("a second try", () => {
  test("is made when nothing can have been sent: the server was restarting", async () => {
    const server = createServer((req, res) => {
      json(req).then(
        (message) => {
          const id = typeof message === "object" && message !== null && "id" in message ? message.id : null;
          const isCall = JSON.stringify(message).includes('"tools/call"');
          const result = isCall
            ? hello
            : { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: "x", version: "1" }, tools: [] };
          // A kept connection that ends while it is used again is no connection refused.
          res.writeHead(200, { "content-type": "application/json", connection: "close" });
          res.end(JSON.stringify({ jsonrpc: "2.0", id, result }));
        },
        () => res.writeHead(405).end(),
      );
    });
    const listen = (port: number) =>
      new Promise<number>((resolve) => {
        server.listen(port, "127.0.0.1", () => {
          const address = server.address();
          resolve(typeof address === "object" && address ? address.port : 0);
        });
      });
    const port = await listen(0);
    const restarting = await targetFor(await connectTo(owner, `http://127.0.0.1:${port}/mcp`, { name: "Restarting" }));
    await call(restarting);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    const calling = call(restarting);
    setTimeout(() => void listen(port), 50);
    expect(await calling).toMatchObject(hello);
    server.closeAllConnections();
    server.close();
  });

  test("is made after a lost connection for a tool that may run twice, and for no other", async () => {
    answerCalls((res) => {
      upstream.intercept = null;
      res.destroy();
    });
    upstream.received.length = 0;
    await expect(call(target)).rejects.toMatchObject({ reason: "unreachable" });
    expect(reached()).toBe(1);
    answerCalls((res) => {
      upstream.intercept = null;
      res.destroy();
    });
    expect(await call(target, { isRepeatable: true })).toMatchObject(hello);
    expect(reached()).toBe(3);
  });

  test("is not made of a call that the server took and redirected to its result", async () => {
    await call(target);
    const gone = await startUpstream();
    await gone.close();
    answerCalls((res) => res.writeHead(303, { location: `${gone.origin}/result` }).end());
    upstream.received.length = 0;
    await expect(call(target)).rejects.toMatchObject({ reason: "unreachable", mayHaveRun: true });
    expect(reached()).toBe(1);
  });

  test("of the look at its rights comes before a call that had to wait for its connection", async () => {
    await call(target);
    upstream.received.length = 0;
    const looks: string[] = [];
    const freshness = [false, true];
    const mayLeave = () => Promise.resolve(looks.push("look") > 0);
    const isFresh = () => {
      looks.push("start");
      return freshness.shift() ?? true;
    };
    expect(await call(target, {}, { mayLeave, isFresh })).toMatchObject(hello);
    expect(looks).toEqual(["look", "start", "look", "start"]);
    expect(reached()).toBe(1);
    // Where something changes all the time it leaves after the third look.
    looks.length = 0;
    freshness.push(false, false, false);
    expect(await call(target, {}, { mayLeave, isFresh })).toMatchObject(hello);
    expect(looks).toEqual(["look", "start", "look", "start", "look"]);
    expect(reached()).toBe(2);
    // Whose right went meanwhile does not leave.
    const answers = [true, false];
    const lost = call(target, {}, { mayLeave: () => Promise.resolve(answers.shift() ?? false), isFresh: () => false });
    await expect(lost).rejects.toMatchObject({ reason: "not_allowed", mayHaveRun: false });
    expect(reached()).toBe(2);
  });

  test("that may not leave any more tells what became of the first", async () => {
    await call(target);
    answerCalls((res) => res.destroy());
    upstream.received.length = 0;
    const answers = [true, false];
    const mayLeave = () => Promise.resolve(answers.shift() ?? false);
    // The session is there: it is asked once for each time that the call is sent.
    await expect(call(target, { isRepeatable: true }, { mayLeave })).rejects.toMatchObject({ reason: "unreachable", mayHaveRun: true });
    expect(reached()).toBe(1);
    expect(answers).toEqual([]);
  });

  test("is not made when a stream cannot be resumed: the call was taken", async () => {
    const streaming = await startSessionUpstream();
    let closed: Promise<void> | undefined;
    streaming.onCall = (_request, res) => {
      res.writeHead(200, { "content-type": "text/event-stream" }).end("id: e-1\nretry: 100\ndata: \n\n");
      closed = streaming.close();
      return true;
    };
    const other = await targetFor(await connectTo(owner, streaming.url, { name: "Streaming" }));
    await expect(call(other)).rejects.toMatchObject({ reason: "unreachable", message: expect.stringContaining("before the result came") });
    expect(streaming.received.filter(({ rpcMethod }) => rpcMethod === "tools/call")).toHaveLength(1);
    await closed;
  });
});
