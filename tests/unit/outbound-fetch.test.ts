// The outbound fetch against servers that behave badly: redirects, size, time, compression, aborts, connections.
import type { Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { brotliCompressSync, gzipSync } from "node:zlib";

import { afterEach, describe, expect, test, vi } from "vitest";

import { metricsText } from "#server/metric.ts";
import { OutboundError } from "#server/outbound/error.ts";
import { createOutbound, type Outbound, type OutboundOptions } from "#server/outbound/fetch.ts";
import { certificate } from "#tests/fakes/certificate.ts";
import {
  endless,
  gzipBomb,
  type HostileServer,
  rebinding,
  redirector,
  serve,
  serveBytes,
  serveSockets,
  stalling,
} from "#tests/fakes/hostile-servers.ts";

const open: (HostileServer | Outbound)[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

async function server(...given: Parameters<typeof serve>): Promise<HostileServer> {
  const made = await serve(...given);
  open.unshift(made);
  return made;
}

function outbound(options: Partial<OutboundOptions> = {}): Outbound {
  const made = createOutbound({ allowPrivate: true, ...options });
  open.push(made);
  return made;
}

function deferred<T = void>() {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => (resolve = done));
  return { promise, resolve };
}

/** The reason of the guard's refusal. */
async function refusal(attempt: Promise<unknown>): Promise<string> {
  const error: unknown = await attempt.then(
    () => new Error("It was let through."),
    (reason: unknown) => reason,
  );
  if (!(error instanceof OutboundError)) throw error;
  return error.reason;
}

test("large answers that never end are not kept without end, and make room once they are given up", async () => {
  const { origin } = await server((_req, res) => {
    res.writeHead(200, { "content-type": "application/json" }).write(`"${"x".repeat(4_000_000)}`);
  });
  const post = outbound().postWithLimits({});
  const given = new AbortController();
  const ends: unknown[] = [];
  const asked = Array.from({ length: 24 }, () =>
    post(new URL(origin), { headers: {}, body: "{}", signal: given.signal }).catch((error: unknown) => ends.push(error)),
  );
  await expect.poll(() => ends.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(24 - 17);
  expect(ends).toEqual(ends.map(() => expect.objectContaining({ reason: "no_room" })));
  given.abort();
  await Promise.all(asked);
  expect(metricsText()).toContain("gatehouse_unfinished_answers_bytes 0");
});

/** Writes it all, and resolves once the rest fits what the system holds between two sockets. */
const written = (socket: Socket, text: string) => new Promise<void>((resolve) => socket.write(text, "latin1", () => resolve()));

test.each(["application/json", "text/event-stream"])(
  "a byte of an answer (%s) holds on to nothing that came with it, however much a server packs around it",
  async (type) => {
    setFlagsFromString("--expose-gc");
    const collect: unknown = runInNewContext("gc");
    const held = () => {
      if (typeof collect === "function") collect();
      return process.memoryUsage().arrayBuffers;
    };
    const before = held();
    const all = deferred();
    const raw = await serveSockets((socket) => {
      // An extension of a chunk is nothing that anybody reads.
      const chunk = `1;${"a".repeat(60_000)}\r\n \r\n`;
      const head = `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n`;
      const answer = async () => {
        await written(socket, head);
        for (let n = 0; n < 600; n += 1) await written(socket, chunk);
        all.resolve();
      };
      void answer();
    });
    open.unshift(raw);
    const given = new AbortController();
    const asked = outbound().postWithLimits({})(new URL(raw.origin), { headers: {}, body: "{}", signal: given.signal });
    await all.promise;
    // What is free is given back by a thread of the collector, later than its call returns.
    await expect.poll(() => held() - before, { timeout: 5_000 }).toBeLessThan(12_000_000);
    given.abort();
    await asked.catch(() => undefined);
  },
);

describe("a plain exchange", () => {
  test("is what fetch makes of it", async () => {
    const echo = await server((_request, response) => {
      response.writeHead(201, { "content-type": "application/json", "x-odd": "é", "set-cookie": ["a=1", "b=2"] }).end('{"ok":true}');
    });
    const response = await outbound().fetch(`${echo.origin}/mcp?a=1`, {
      method: "post",
      headers: { "x-key": "k", host: "other.example" },
      body: "ä",
    });
    expect(response.status).toBe(201);
    expect(response.url).toBe(`${echo.origin}/mcp?a=1`);
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(await response.json()).toEqual({ ok: true });
    expect(echo.seen[0]).toMatchObject({
      method: "POST",
      url: "/mcp?a=1",
      body: "ä",
      headers: { "x-key": "k", host: `127.0.0.1:${echo.port}`, "user-agent": "Gatehouse" },
    });
  });

  test("takes a form, bytes and a Request without a body", async () => {
    const echo = await server((_request, response) => response.end("ok"));
    const { fetch } = outbound();
    await (await fetch(echo.origin, { method: "POST", body: new URLSearchParams({ code: "a b" }) })).text();
    await (await fetch(echo.origin, { method: "POST", body: new TextEncoder().encode("bytes") })).text();
    await (await fetch(new Request(echo.origin, { method: "DELETE", headers: { "x-key": "k" } }))).text();
    expect(echo.seen).toMatchObject([
      { body: "code=a+b", headers: { "content-type": "application/x-www-form-urlencoded;charset=UTF-8" } },
      { body: "bytes" },
      { method: "DELETE", headers: { "x-key": "k" } },
    ]);
  });

  test("refuses a body that could not be sent twice", async () => {
    await expect(outbound().fetch("https://hostile.test", { method: "POST", body: new ReadableStream() })).rejects.toThrow(TypeError);
  });

  test.each(["204", "304"])("has no body with %s, and keeps its connection", async (status) => {
    const quiet = await server((_request, response) => response.writeHead(Number(status)).end());
    const { fetch } = outbound();
    for (let calls = 0; calls < 8; calls += 1) expect((await fetch(quiet.origin)).body).toBeNull();
    expect(quiet.connections()).toBeLessThan(3);
  });

  test("reuses connections", async () => {
    const echo = await server((_request, response) => response.end("ok"));
    const { fetch } = outbound();
    // undici opens a second one where the next call comes in the same turn as the end of the last.
    for (let calls = 0; calls < 8; calls += 1) await (await fetch(echo.origin)).text();
    expect(echo.connections()).toBeLessThan(3);
  });

  test("trusts no idle connection after the process stood still", async () => {
    const ports: (number | undefined)[] = [];
    const echo = await server((request, response) => {
      ports.push(request.socket.remotePort);
      response.end("ok");
    });
    const { fetch } = outbound();
    const calls = async () => {
      for (let count = 0; count < 4; count += 1) await (await fetch(echo.origin)).text();
      return new Set(ports.splice(0));
    };
    const standStill = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_700);
    const first = await calls();
    standStill();
    const second = await calls();
    expect([...second].filter((port) => first.has(port))).toEqual([]);
    // A request that was on its way to its connection, and of which nothing was written yet.
    const caught = fetch(echo.origin);
    standStill();
    expect(await (await caught).text()).toBe("ok");
    expect(ports.filter((port) => second.has(port))).toEqual([]);
  });

  test("lets go of a caller's signal that lives on", async () => {
    const echo = await server((_request, response) => response.end("ok"));
    const { signal } = new AbortController();
    const [added, removed] = [vi.spyOn(signal, "addEventListener"), vi.spyOn(signal, "removeEventListener")];
    await (await outbound().fetch(echo.origin, { signal })).text();
    expect(added).toHaveBeenCalledTimes(1);
    expect(removed).toHaveBeenCalledTimes(1);
  });
});

describe("a connection that ends while its answer is read slower than it came", () => {
  // Some of these lengths leave nothing unread when the reader falls behind; which, depends on how the network cuts them.
  const lengths = [20_000, 65_536, 100_000, 131_072, 196_608, 1_000_000];
  const ways = { fetch: "application/json", post: "text/event-stream" } as const;
  const cases = Object.entries(ways).flatMap(([way, type]) => [
    { way, type, framed: "by its length", end: "ends" },
    { way, type, framed: "by its end", end: "ends" },
    { way, type, framed: "by its length", end: "is reset" },
  ]);

  test.each(cases)("$way: a body delimited $framed, and the connection $end", async ({ way, type, framed, end }) => {
    let length = 0;
    let sent = deferred();
    const odd = await serveSockets((socket) => {
      socket.once(end === "ends" ? "finish" : "close", () => sent.resolve());
      const known = framed === "by its length" ? `content-length: ${length + (end === "ends" ? 0 : 1)}\r\n` : "";
      socket.write(`HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\nconnection: close\r\n${known}\r\n`);
      socket.write(Buffer.alloc(length, "x"), () => void (end === "is reset" && socket.resetAndDestroy()));
      if (end === "ends") socket.end();
    });
    open.unshift(odd);
    const { fetch, postWithLimits } = outbound();
    for (length of lengths.flatMap((one) => Array<number>(10).fill(one))) {
      sent = deferred();
      const init = { headers: {}, body: "{}", signal: new AbortController().signal };
      const answer = way === "fetch" ? fetch(odd.origin, { method: "POST" }) : postWithLimits({})(new URL(odd.origin), init);
      const text = answer.then(async (response) => {
        if (!(response instanceof Response)) throw new Error("An event stream was expected.");
        await sent.promise;
        // The end comes in one of the next turns.
        for (let turns = 0; turns < 10; turns += 1) await new Promise((resolve) => setImmediate(resolve));
        return response.text();
      });
      if (end === "ends") expect(await text).toHaveLength(length);
      else await expect(text).rejects.toThrow();
    }
  });
});

describe("a post whose answer is an event stream", () => {
  const post = (origin: string) =>
    outbound().postWithLimits({})(new URL(origin), { headers: {}, body: "{}", signal: new AbortController().signal });

  test("in a compression nobody asked for is an error, and its connection is closed", async () => {
    const gone = deferred();
    const odd = await server((_request, response) => {
      response.on("close", gone.resolve);
      response.writeHead(200, { "content-type": "text/event-stream", "content-encoding": "zstd" }).write("data: 1\n\n");
    });
    expect(await refusal(post(odd.origin))).toBe("protocol");
    await gone.promise;
  });

  test.each([204, 205, 304])("that may not have one (%s) is an answer without a body, and its connection is closed", async (status) => {
    const gone = deferred();
    const odd = await server((_request, response) => {
      response.on("close", gone.resolve);
      response.writeHead(status, { "content-type": "text/event-stream" }).flushHeaders();
      if (status !== 205) response.end();
    });
    expect(await post(odd.origin)).toMatchObject({ status, body: null });
    await gone.promise;
  });
});

describe("a post that is held back before its first byte", () => {
  test("is not sent", async () => {
    const echo = await server((_request, response) => response.writeHead(200, { "content-type": "application/json" }).end("{}"));
    const post = outbound().postWithLimits({});
    const init = { headers: {}, body: "{}", signal: new AbortController().signal };
    expect(await refusal(post(new URL(echo.origin), { ...init, mayStart: () => false }))).toBe("not_started");
    expect(echo.seen).toHaveLength(0);
    let asked = 0;
    expect(await post(new URL(echo.origin), { ...init, mayStart: () => (asked += 1) > 0 })).toMatchObject({ status: 200 });
    expect([asked, echo.seen.length]).toEqual([1, 1]);
  });
});

describe("redirects", () => {
  test.each([301, 302, 303])("that would make a GET of a post (%s) are no way to its answer", async (status) => {
    const moved = await server(redirector(status, () => "/result"));
    const init = { headers: {}, body: "{}", signal: new AbortController().signal };
    expect(await refusal(outbound().postWithLimits({})(new URL(moved.origin), init))).toBe("redirect");
    expect(moved.seen).toHaveLength(1);
  });

  test("are followed five times, not six", async () => {
    const chain = await server((request, response) => {
      const left = Number(request.url?.slice(1));
      if (left === 0) response.end("there");
      else response.writeHead(302, { location: `/${left - 1}` }).end();
    });
    const { fetch } = outbound();
    const response = await fetch(`${chain.origin}/5`);
    expect(await response.text()).toBe("there");
    expect(response.url).toBe(`${chain.origin}/0`);
    expect(await refusal(fetch(`${chain.origin}/6`))).toBe("redirect");
  });

  test("in a circle end", async () => {
    const circle = await server(redirector(307, () => "/again"));
    expect(await refusal(outbound().fetch(circle.origin))).toBe("redirect");
    expect(circle.seen).toHaveLength(6);
  });

  test("never lead to an address that is never called", async () => {
    const inward = await server(
      redirector(302, (request) => (request.url === "/name" ? "http://metadata.hostile.test/" : "http://169.254.169.254/latest/meta-data")),
    );
    const { resolve } = rebinding(["169.254.169.254"]);
    const { fetch } = outbound({ resolve });
    expect(await refusal(fetch(`${inward.origin}/literal`))).toBe("reserved_address");
    expect(await refusal(fetch(`${inward.origin}/name`))).toBe("reserved_address");
  });

  // prettier-ignore
  test.each([
    "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "169.254.169.254.", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]",
    "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::1]", "[fe80::1]", "[fd00:ec2::254]",
  ])("never lead there in another notation: %s", async (host) => {
    const inward = await server(redirector(307, () => `http://${host}/latest/meta-data`));
    expect(await refusal(outbound().fetch(inward.origin))).toBe("reserved_address");
    expect(inward.seen).toHaveLength(1);
  });

  test.each(["file:///etc/passwd", "ftp://hostile.test/", "data:text/plain,x", "http://user:secret@127.0.0.1/"])(
    "never lead to %s",
    async (location) => {
      const outward = await server(redirector(302, () => location));
      expect(await refusal(outbound().fetch(outward.origin))).toBe("scheme");
    },
  );

  test("never lead from https to http, even where http is open", async () => {
    const plain = await server((_request, response) => response.end("plain"));
    const tls = await server(
      redirector(302, () => plain.origin),
      { tls: true },
    );
    const { fetch } = outbound({ ca: certificate, resolve: rebinding(["127.0.0.1"]).resolve });
    expect(await refusal(fetch(`https://up.hostile.test:${tls.port}/`))).toBe("redirect");
    expect(plain.connections()).toBe(0);
  });

  test("to nothing that is a URL end", async () => {
    const odd = await server(redirector(302, () => "http://["));
    expect(await refusal(outbound().fetch(odd.origin))).toBe("redirect");
  });

  test("to another origin carry no credential, no custom header and no cookie", async () => {
    const other = await server((_request, response) => response.end("other"));
    const first = await server(redirector(302, () => `${other.origin}/landed`));
    const headers = {
      authorization: "Bearer s3cret",
      cookie: "a=1",
      "x-api-key": "s3cret",
      "mcp-session-id": "s3cret",
      accept: "application/json",
      "content-type": "text/plain",
    };
    await (await outbound().fetch(first.origin, { method: "POST", headers, body: "s3cret" })).text();
    expect(other.seen).toMatchObject([{ method: "GET", url: "/landed", body: "", headers: { accept: "application/json" } }]);
    expect(JSON.stringify(other.seen)).not.toMatch(/s3cret|a=1|content-type/);
  });

  test("with a body to another origin are refused", async () => {
    const other = await server((_request, response) => response.end("other"));
    const first = await server(redirector(307, () => other.origin));
    expect(await refusal(outbound().fetch(first.origin, { method: "POST", body: "s3cret" }))).toBe("redirect");
    expect(other.connections()).toBe(0);
  });

  test("within the origin keep headers, and with 307 and 308 method and body", async () => {
    const moved = await server((request, response) => {
      if (request.url === "/new") response.end("new");
      else response.writeHead(Number(request.url?.slice(1)), { location: "/new" }).end();
    });
    const { fetch } = outbound();
    for (const status of [301, 302, 303, 307, 308]) {
      await (
        await fetch(`${moved.origin}/${status}`, {
          method: "POST",
          headers: { authorization: "Bearer k", "content-type": "text/plain" },
          body: "body",
        })
      ).text();
    }
    const landed = moved.seen.filter(({ url }) => url === "/new");
    expect(landed.map(({ method, body }) => `${method} ${body}`)).toEqual(["GET ", "GET ", "GET ", "POST body", "POST body"]);
    expect(landed.every(({ headers }) => headers.authorization === "Bearer k")).toBe(true);
    expect(landed.map(({ headers }) => headers["content-type"])).toEqual([undefined, undefined, undefined, "text/plain", "text/plain"]);
  });

  test("are left to the caller, or refused, when it says so", async () => {
    const moved = await server(redirector(302, () => "/new"));
    const { fetch } = outbound();
    const response = await fetch(moved.origin, { redirect: "manual" });
    expect([response.status, response.headers.get("location")]).toEqual([302, "/new"]);
    await response.body?.cancel();
    expect(await refusal(fetch(moved.origin, { redirect: "error" }))).toBe("redirect");
  });
});

describe("size", () => {
  test("an endless body ends at the limit", async () => {
    const flood = await server(endless("text/html"));
    const response = await outbound().fetch(flood.origin);
    expect(await refusal(response.text())).toBe("too_large");
  });

  test("so does an endless event stream", async () => {
    const flood = await server(endless("text/event-stream"));
    const response = await outbound().fetch(flood.origin);
    expect(await refusal(response.text())).toBe("too_large");
  });

  test("an event stream that answers a GET may go on for ever, at a pace, event by event, of which each has the limit", async () => {
    const event = `data: ${"x".repeat(1_000_000)}\r\n\r\n`;
    const session = await server((request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const send = (left: number) => {
        if (left > 0) response.write(event, () => send(left - 1));
        else if (request.url === "/large") response.write(`data: ${"x".repeat(18_000_000)}`);
        else response.end();
      };
      send(20);
    });
    const { fetch } = outbound();
    const before = performance.now();
    expect(await (await fetch(session.origin)).text()).toHaveLength(20 * event.length);
    // What is over the limit comes at two MiB a second.
    expect(performance.now() - before).toBeGreaterThan(1_400);
    expect(await refusal((await fetch(`${session.origin}/large`)).text())).toBe("too_large");
    // What answers one request has the limit as a whole.
    expect(await refusal((await fetch(session.origin, { method: "POST" })).text())).toBe("too_large");
  });

  test("a body of exactly the limit is fine", async () => {
    const exact = await server((_request, response) => response.end("x".repeat(100_000)));
    const { withLimits } = outbound();
    expect(await (await withLimits({ maxBytes: 100_000 })(exact.origin)).text()).toHaveLength(100_000);
    expect(await refusal((await withLimits({ maxBytes: 99_999 })(exact.origin)).text())).toBe("too_large");
  });

  test("a compression bomb counts by what it unfolds to, and is not unfolded further", async () => {
    const bomb = await server(gzipBomb(1_024));
    const response = await outbound().fetch(bomb.origin);
    const before = process.memoryUsage().rss;
    expect(await refusal(response.text())).toBe("too_large");
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1_048_576);
  });

  test("so does one of Brotli", async () => {
    const packed = brotliCompressSync(Buffer.alloc(64 * 1_048_576));
    const bomb = await server((_request, response) => response.writeHead(200, { "content-encoding": "br" }).end(packed));
    expect(await refusal((await outbound().fetch(bomb.origin)).text())).toBe("too_large");
  });

  test("thousands of small headers are refused as well", async () => {
    const lines = Array.from({ length: 5_000 }, (_, index) => `x-${index}: small\r\n`).join("");
    const heavy = await serveBytes(`HTTP/1.1 200 OK\r\n${lines}content-length: 0\r\n\r\n`);
    open.unshift(heavy);
    await expect(outbound().fetch(heavy.origin)).rejects.toMatchObject({ code: "UND_ERR_HEADERS_OVERFLOW" });
  });

  test("huge headers are refused", async () => {
    const heavy = await serveBytes(`HTTP/1.1 200 OK\r\nx-heavy: ${"x".repeat(70_000)}\r\ncontent-length: 0\r\n\r\n`);
    open.unshift(heavy);
    await expect(outbound().fetch(heavy.origin)).rejects.toMatchObject({ code: "UND_ERR_HEADERS_OVERFLOW" });
  });

  test.each([
    ["gzip", gzipSync],
    ["x-gzip", gzipSync],
    ["br", brotliCompressSync],
  ])("%s is unpacked", async (coding, compress) => {
    const packed = await server((_request, response) => response.writeHead(200, { "content-encoding": coding }).end(compress('{"a":1}')));
    expect(await (await outbound().fetch(packed.origin)).json()).toEqual({ a: 1 });
    expect(packed.seen[0]?.headers["accept-encoding"]).toBe("gzip, br");
  });

  test("a compression nobody asked for, and rubbish in one, are errors", async () => {
    const odd = await server((request, response) =>
      response.writeHead(200, { "content-encoding": request.url === "/odd" ? "gzip, gzip" : "gzip" }).end("rubbish"),
    );
    const { fetch } = outbound();
    expect(await refusal(fetch(`${odd.origin}/odd`))).toBe("protocol");
    await expect((await fetch(odd.origin)).text()).rejects.toMatchObject({ code: "Z_DATA_ERROR" });
  });

  test.each(["600", "999"])("a status %s is refused", async (status) => {
    const odd = await serveBytes(`HTTP/1.1 ${status} Odd\r\ncontent-length: 0\r\n\r\n`);
    open.unshift(odd);
    expect(await refusal(outbound().fetch(odd.origin))).toBe("protocol");
  });

  test("odd header names and bytes are carried as they are", async () => {
    const odd = await serveBytes("HTTP/1.1 200 OK\r\nx-odd: \xc5\x81\xf3d\r\n__proto__: a\r\nconstructor: b\r\ncontent-length: 0\r\n\r\n");
    open.unshift(odd);
    const { headers } = await outbound().fetch(odd.origin);
    expect([headers.get("x-odd"), headers.get("__proto__"), headers.get("constructor")]).toEqual(["\xc5\x81\xf3d", "a", "b"]);
  });
});

describe("time", () => {
  test("a server that never answers is given up", async () => {
    const mute = await server(() => undefined);
    expect(await refusal(outbound().withLimits({ timeoutMs: 50 })(mute.origin))).toBe("timeout");
  });

  test("so is one that stops in the middle of its body", async () => {
    const stuck = await server(stalling("application/json", '{"a":'));
    const response = await outbound().withLimits({ timeoutMs: 200 })(stuck.origin);
    expect(await refusal(response.text())).toBe("timeout");
  });

  test("so is one that drips for ever", async () => {
    const drip = await server((_request, response) => {
      const timer = setInterval(() => response.write(" "), 5);
      response.on("close", () => clearInterval(timer));
    });
    const response = await outbound().withLimits({ timeoutMs: 200 })(drip.origin);
    expect(await refusal(response.text())).toBe("timeout");
  });

  test("so is one whose headers drip for ever", async () => {
    const drip = await server((_request, { socket }) => {
      socket?.write("HTTP/1.1 200 OK\r\n");
      const timer = setInterval(() => socket?.write("x: y\r\n"), 5);
      socket?.on("close", () => clearInterval(timer));
    });
    expect(await refusal(outbound().withLimits({ timeoutMs: 200 })(drip.origin))).toBe("timeout");
  });

  test("so is a name that is never resolved", async () => {
    const never = () => new Promise<never>(() => undefined);
    expect(
      await refusal(createOutbound({ allowPrivate: true, resolve: never }).withLimits({ timeoutMs: 50 })("http://hostile.test/")),
    ).toBe("timeout");
  });

  test("an event stream may take longer, as long as it is not silent", async () => {
    const stream = await server((_request, response) => {
      response.writeHead(200, { "content-type": "Text/Event-Stream; charset=utf-8" });
      let left = 10;
      const timer = setInterval(() => {
        response.write(": still here\n\n");
        left -= 1;
        if (left > 0) return;
        clearInterval(timer);
        response.end("data: 1\n\n");
      }, 40);
    });
    const response = await outbound().withLimits({ timeoutMs: 200, streamIdleMs: 300 })(stream.origin);
    expect(await response.text()).toContain("data: 1");
  });

  test("a silent event stream is given up", async () => {
    const silent = await server(stalling("text/event-stream", ": hello\n\n"));
    const response = await outbound().withLimits({ streamIdleMs: 50 })(silent.origin);
    expect(await refusal(response.text())).toBe("timeout");
  });
});

describe("an abort", () => {
  test("before the request sends nothing", async () => {
    const echo = await server((_request, response) => response.end("ok"));
    await expect(outbound().fetch(echo.origin, { signal: AbortSignal.abort(new Error("mine")) })).rejects.toThrow("mine");
    expect(echo.seen).toHaveLength(0);
  });

  test("before the answer reaches caller and server", async () => {
    const gone = deferred();
    const mute = await server((_request, response) => void response.on("close", gone.resolve));
    const controller = new AbortController();
    const attempt = outbound().fetch(mute.origin, { signal: controller.signal });
    await vi.waitFor(() => expect(mute.seen).toHaveLength(1));
    controller.abort(new Error("mine"));
    await expect(attempt).rejects.toThrow("mine");
    await gone.promise;
  });

  test("in the middle of the body reaches caller and server", async () => {
    const gone = deferred();
    const stuck = await server((request, response) => {
      response.on("close", gone.resolve);
      stalling("application/json", "{")(request, response);
    });
    const controller = new AbortController();
    const response = await outbound().fetch(stuck.origin, { signal: controller.signal });
    controller.abort(new Error("mine"));
    await expect(response.text()).rejects.toThrow("mine");
    await gone.promise;
  });

  test("by cancelling an unending body closes the connection soon", async () => {
    const gone = deferred();
    const stuck = await server((request, response) => {
      response.on("close", gone.resolve);
      stalling("text/event-stream", "data: 1\n\n")(request, response);
    });
    const response = await outbound().fetch(stuck.origin);
    await response.body?.cancel();
    await gone.promise;
  });

  test("by cancelling an event stream leaves it a moment to end by itself, which keeps the connection", async () => {
    const ended = deferred<boolean>();
    const cancelled = deferred();
    const stream = await server((_request, response) => {
      response.on("close", () => ended.resolve(response.writableFinished));
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: result\n\n");
      void cancelled.promise.then(() => {
        response.write(": more\n\n");
        setTimeout(() => response.end(), 30);
      });
    });
    // The wrapper has asked for a chunk already: it comes behind the cancellation.
    await (await outbound().fetch(stream.origin)).body?.cancel();
    cancelled.resolve();
    expect(await ended.promise).toBe(true);
  });
});
