// A plain tools/call and the SDK's client understand third-party servers alike: a corpus of answers, regular, odd and broken, in both generations.
import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { UpstreamCallError } from "#server/upstream/call-error.ts";
import { closeAllSessions } from "#server/upstream/sessions.ts";
import { createMember, createOrganization, type Person } from "#prisma/factories.ts";
import { startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { startSessionUpstream } from "#tests/fakes/session-upstream.ts";
import { resetDatabase, useDatabase } from "#tests/setup/database.ts";
import { call, connectTo, targetFor } from "#tests/setup/upstream.ts";

useDatabase();

/** How a server answers a call with this id. */
type Answer = (res: ServerResponse, id: unknown) => unknown;
type Era = "2025-11-25" | "2026-07-28";
const eras: Era[] = ["2025-11-25", "2026-07-28"];

// As of 2026-07-28 every result says of which kind it is; before, this is a member that nobody minds.
const complete = { resultType: "complete" };
const hello = { ...complete, content: [{ type: "text", text: "hello" }] };
const message = (id: unknown, more: object) => JSON.stringify({ jsonrpc: "2.0", id, ...more });
const asJson =
  (more: object, type = "application/json", status = 200): Answer =>
  (res, id) =>
    res.writeHead(status, { "content-type": type }).end(message(id, more));
const result = (value: unknown) => asJson({ result: value });
const stream =
  (of: (id: unknown) => (string | Buffer)[], type = "text/event-stream"): Answer =>
  (res, id) => {
    res.writeHead(200, { "content-type": type });
    for (const chunk of of(id)) res.write(chunk);
    res.end();
  };
const event = (data: string) => `event: message\ndata: ${data}\n\n`;
/** A megabyte with characters of one to four bytes and every kind of escape, and what is no UTF-8 at its end. */
const longText = 'ü 一 🔑 "said" \\ \n \u0001 '.repeat(40_000);
const longResult = { ...complete, content: [{ type: "text", text: longText }], structuredContent: { text: longText, other: "short" } };
const bytes =
  (of: (id: unknown) => Buffer): Answer =>
  (res, id) =>
    res.writeHead(200, { "content-type": "application/json" }).end(of(id));
const note = JSON.stringify({ jsonrpc: "2.0", method: "notifications/message", params: { level: "info", data: "x" } });
const answered = (id: unknown) => message(id, { result: hello });

/** Answers that a server may give. */
const regular: Record<string, Answer> = {
  JSON: result(hello),
  "JSON with a charset": asJson({ result: hello }, "application/json; charset=utf-8"),
  "JSON in capitals": asJson({ result: hello }, "Application/JSON"),
  "a tool's error": result({ ...hello, isError: true }),
  "structured content": result({ ...hello, structuredContent: { a: [1, null, { b: "ü" }] } }),
  "meta data": result({ ...hello, _meta: { "example.com/a": { b: 1 } } }),
  "no blocks": result({ ...complete, content: [] }),
  "text of every kind": result({ ...complete, content: [{ type: "text", text: "ü \u2028\u2029 🔑 \u0000 \\ud800 </script>" }] }),
  "an image": result({ ...complete, content: [{ type: "image", data: "aGk=", mimeType: "image/png" }] }),
  audio: result({ ...complete, content: [{ type: "audio", data: "aGk=", mimeType: "audio/wav" }] }),
  "a link": result({ ...complete, content: [{ type: "resource_link", uri: "file:///a", name: "a", description: "d" }] }),
  "a resource": result({ ...complete, content: [{ type: "resource", resource: { uri: "file:///b", text: "b" } }] }),
  "a blob": result({ ...complete, content: [{ type: "resource", resource: { uri: "file:///c", blob: "aGk=", mimeType: "x/y" } }] }),
  annotations: result({ ...complete, content: [{ type: "text", text: "x", annotations: { audience: ["user"], priority: 1 } }] }),
  "a long text": result(longResult),
  "a long text, packed": (res, id) =>
    res
      .writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" })
      .end(gzipSync(message(id, { result: longResult }))),
  "a long list": result({ ...complete, content: Array.from({ length: 9_000 }, (_, at) => ({ type: "text", text: `ü "${at}"` })) }),
  "a long text in a stream": stream((id) => [event(message(id, { result: longResult }))]),
  "a byte order mark": bytes((id) => Buffer.from(`\uFEFF${answered(id)}`)),
  "a byte order mark before a long text": bytes((id) => Buffer.from(`\uFEFF${message(id, { result: longResult })}`)),
  "a long text that is no UTF-8": bytes((id) => {
    const [head = "", tail = ""] = message(id, { result: { ...complete, content: [{ type: "text", text: "HERE" }] } }).split("HERE");
    // Of seven bytes, so that it is cut at each of them somewhere.
    return Buffer.concat([Buffer.from(head), Buffer.alloc(700_000, Buffer.from("61ff80e4b8f09f", "hex")), Buffer.from(tail)]);
  }),
  "a stream": stream((id) => [event(answered(id))]),
  "a stream with a charset": stream((id) => [event(answered(id))], "text/event-stream; charset=utf-8"),
  "a stream without the event's name": stream((id) => [`data: ${answered(id)}\n\n`]),
  "a stream without the space": stream((id) => [`data:${answered(id)}\n\n`]),
  "a stream with CRLF": stream((id) => [`event: message\r\ndata: ${answered(id)}\r\n\r\n`]),
  "a stream with comments": stream((id) => [": hi\n\n", ":\n\n", event(answered(id))]),
  "a stream with ids": stream((id) => [`id: 1\n${event(note)}`, `id: 2\n${event(answered(id))}`]),
  "a stream with notifications": stream((id) => [event(note), event(note), event(answered(id))]),
  "a stream with a change of the tools": stream((id) => [
    event(JSON.stringify({ jsonrpc: "2.0", method: "notifications/tools/list_changed" })),
    event(answered(id)),
  ]),
  "a stream in lines": stream((id) => [`data: ${answered(id).replace(',"id"', ',\ndata: "id"')}\n\n`]),
  "a stream in pieces": stream((id) =>
    [...Buffer.from(event(message(id, { result: { ...complete, content: [{ type: "text", text: "🔑ü" }] } })))].map((byte) =>
      Buffer.from([byte]),
    ),
  ),
  "a stream that goes on": stream((id) => [event(answered(id)), event(note)]),
  "a stream with an answer to another": stream((id) => [event(answered("other")), event(answered(id))]),
  "an error": asJson({ error: { code: -32_000, message: "no" } }),
  "an error with data": asJson({ error: { code: 7, message: "no", data: { a: 1 } } }),
  "an error in a stream": stream((id) => [event(message(id, { error: { code: -32_000, message: "no" } }))]),
};

/** Answers that no server should give. */
const odd: Record<string, Answer> = {
  "a page": (res) => res.writeHead(200, { "content-type": "text/html" }).end("<p>"),
  "text without a type": (res, id) => res.writeHead(200).end(answered(id)),
  "an empty body": (res) => res.writeHead(200, { "content-type": "application/json" }).end(),
  "broken JSON": (res) => res.writeHead(200, { "content-type": "application/json" }).end("{"),
  "long broken JSON": (res, id) =>
    res.writeHead(200, { "content-type": "application/json" }).end(message(id, { result: longResult }).slice(0, -2)),
  "a list with the answer": (res, id) => res.writeHead(200, { "content-type": "application/json" }).end(`[${note},${answered(id)}]`),
  "a status without an answer": (res) => res.writeHead(404).end(),
  "an error with its status": asJson({ error: { code: -32_602, message: "no" } }, "application/json", 400),
  "a failure with its status": asJson({ error: { code: -32_603, message: "no" } }, "application/json", 500),
  "neither result nor error": asJson({}),
  "an error of text": asJson({ error: "no" }),
  "an error without a code": asJson({ error: { message: "no" } }),
  "an error with a code in words": asJson({ error: { code: "E_NO", message: "no" } }),
  "no result": result(null),
  "a list as a result": result([]),
  "a broken event": stream(() => [event("{")]),
  "an empty stream": stream(() => []),
  "a stream that ends before its answer": stream(() => [event(note)]),
  "a stream cut in the event": stream((id) => [event(answered(id)).slice(0, -2)]),
};

const open: { close: () => Promise<void> }[] = [];
let owner: Person;

beforeEach(async () => {
  await resetDatabase();
  owner = await createMember(await createOrganization("Acme"), { role: "owner" });
});
afterEach(async () => {
  await Promise.all(open.splice(0).map(({ close }) => close()));
  await closeAllSessions();
});

async function serve(era: Era, answer: Answer): Promise<string> {
  if (era === "2025-11-25") {
    const upstream = await startSessionUpstream();
    open.push(upstream);
    upstream.onCall = ({ id }, res) => (answer(res, id), true);
    return upstream.url;
  }
  const upstream = await startUpstream();
  open.push(upstream);
  upstream.intercept = (_req, res, body) => {
    if (typeof body !== "object" || body === null || !("method" in body) || body.method !== "tools/call" || !("id" in body)) return false;
    answer(res, body.id);
    return true;
  };
  return upstream.url;
}

/** An error in so far as an agent is told of it: what the server itself said, else only that it failed. */
function failure(error: unknown): unknown {
  const said = error instanceof UpstreamCallError ? error.upstream : error;
  if (typeof said !== "object" || said === null || !("code" in said) || typeof said.code !== "number") return { failed: true };
  const words = "message" in said ? String(said.message) : "";
  return { failed: true, code: said.code, message: words, ...("data" in said && said.data !== undefined ? { data: said.data } : {}) };
}

async function bySdk(url: string): Promise<unknown> {
  const client = new Client({ name: "peer", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  open.unshift({ close: () => client.close() });
  return client.callTool({ name: "echo", arguments: { text: "x" } }, { timeout: 2_000 }).catch(failure);
}

const byUs = async (url: string): Promise<unknown> => call(await targetFor(await connectTo(owner, url))).catch(failure);

describe.each(eras)("a server of %s", (era) => {
  test.each(Object.entries(regular))("answers with %s", async (_what, answer) => {
    const url = await serve(era, answer);
    expect(await byUs(url)).toEqual(await bySdk(url));
  });

  // Where the SDK only says that it failed we may know more: what an error in a refusal's body says.
  test.each(Object.entries(odd))("answers with %s, of which no less is known", async (_what, answer) => {
    const url = await serve(era, answer);
    expect(await byUs(url)).toMatchObject(Object(await bySdk(url)));
  });
});

test.each(eras)("a long text of a server of %s is read as it is", async (era) => {
  const url = await serve(era, result(longResult));
  expect(await byUs(url)).toEqual({ content: longResult.content, structuredContent: longResult.structuredContent });
});

test("a long failure that is no JSON is one of the server's", async () => {
  const url = await serve("2025-11-25", (res) =>
    res.writeHead(500, { "content-type": "application/json" }).end(`${JSON.stringify(longText).slice(0, -1)}\\x"`),
  );
  const target = await targetFor(await connectTo(owner, url));
  await expect(call(target)).rejects.toMatchObject({ reason: "unreachable", message: "The server answered 500 instead of a result." });
});

test("a result of 2026-07-28 that does not say its kind is read as a complete one, which the SDK refuses", async () => {
  const url = await serve("2026-07-28", result({ content: [] }));
  expect([await byUs(url), await bySdk(url)]).toEqual([{ content: [] }, { failed: true }]);
});

test.each(["partial", "input_required"])("a result of 2025-11-25 has no kind, whatever it says of itself: %s", async (resultType) => {
  const url = await serve("2025-11-25", result({ ...hello, resultType }));
  const told = await byUs(url);
  expect(told).toEqual({ content: hello.content });
  expect(told).toEqual(await bySdk(url));
});
