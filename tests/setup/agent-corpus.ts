// Requests that agents send, that they may send by mistake, and that nobody sends who means well: what both ways of answering are held to.
import { CLIENT_CAPABILITIES_META_KEY, CLIENT_INFO_META_KEY, PROTOCOL_VERSION_META_KEY } from "@modelcontextprotocol/client";

import type { DoorRequest } from "./both-ways.ts";

export type Corpus = Record<string, DoorRequest>;

const rpc = (method: string, params?: unknown, more: object = {}) => ({
  jsonrpc: "2.0",
  id: 1,
  method,
  ...(params === undefined ? {} : { params }),
  ...more,
});
const callOf = (name: string, given?: unknown, more: object = {}) =>
  rpc("tools/call", { name, ...(given === undefined ? {} : { arguments: given }), ...more });
const post = (body: unknown, headers: Record<string, string | null> = {}): DoorRequest => ({ body: JSON.stringify(body), headers });
const raw = (body: string, headers: Record<string, string | null> = {}): DoorRequest => ({ body, headers });

/** The same message as an agent of 2026-07-28 sends it: an envelope in `_meta`, mirrored in headers. */
function modern(
  method: string,
  params: Record<string, unknown> = {},
  more: { headers?: Record<string, string | null>; meta?: object } = {},
) {
  const _meta = {
    [PROTOCOL_VERSION_META_KEY]: "2026-07-28",
    [CLIENT_CAPABILITIES_META_KEY]: {},
    [CLIENT_INFO_META_KEY]: { name: "peer", version: "1" },
    ...more.meta,
  };
  const name: Record<string, string> = typeof params.name === "string" ? { "mcp-name": params.name } : {};
  const headers = { "mcp-protocol-version": "2026-07-28", "mcp-method": method, ...name, ...more.headers };
  return post(rpc(method, { ...params, _meta }), headers);
}

/** What agents put into `_meta` that is none of the protocol's. */
const traced = {
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  tracestate: "agent=1",
  "claudecode/toolUseId": "toolu_1",
  "example.com/own": { deep: [1, null] },
};
const search = callOf("search_capabilities", { query: "echo" });
const listing = rpc("tools/list");
const initialize = (more: object = {}) =>
  rpc("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "peer", version: "1" }, ...more });
const nested = (depth: number, open: string, close: string) => `${open.repeat(depth)}${close.repeat(depth)}`;
const named = (entries: readonly (readonly [string, DoorRequest])[]): Corpus => Object.fromEntries(entries);
const forEachOf = <Value>(what: string, values: readonly Value[], of: (value: Value) => DoorRequest): Corpus =>
  named(values.map((value) => [`${what} ${JSON.stringify(value)?.slice(0, 80)}`, of(value)]));

const accepts = [
  null,
  "",
  "*/*",
  "application/json",
  "text/event-stream",
  "text/html",
  "application/json;q=0.9, text/event-stream;q=0.1",
  "text/event-stream, application/json",
  "APPLICATION/JSON, TEXT/EVENT-STREAM",
  "application/json, text/event-stream, */*",
  "application/*, text/*",
  "application/jsonx, text/event-streamx",
  "x-application/json, text/event-stream",
  "application/json text/event-stream",
  "application/json;q=0, text/event-stream;q=0",
];
const contentTypes = [
  null,
  "",
  "text/plain",
  "application/jsonp",
  "application/json-rpc",
  "application/vnd.api+json",
  "multipart/form-data; boundary=x",
  "application/json;charset=utf-8",
  "application/json ; charset=latin1",
  "APPLICATION/JSON",
  "application/json, text/plain",
];
const versions = [
  "2024-10-07",
  "2024-11-05",
  "2025-03-26",
  "2025-06-18",
  "2025-11-25",
  "2026-07-28",
  "2026-07-27",
  "1999-01-01",
  "2025-11-25, 2025-06-18",
  " 2025-11-25 ",
  "",
  "DRAFT-2026-v1",
  "latest",
];

/** What the request says of itself in its headers. */
export function headerCases(): Corpus {
  const plain = { list: listing, search, initialize: initialize(), initialized: { jsonrpc: "2.0", method: "notifications/initialized" } };
  return Object.assign(
    {},
    ...Object.entries(plain).map(([what, message]) => ({
      ...forEachOf(`${what}, accept`, accepts, (accept) => post(message, { accept })),
      ...forEachOf(`${what}, content type`, contentTypes, (type) => post(message, { "content-type": type })),
      ...forEachOf(`${what}, version`, versions, (version) => post(message, { "mcp-protocol-version": version })),
      ...forEachOf(`${what}, session`, ["", "x", "url-", `url-${"0".repeat(36)}`, "__proto__"], (id) =>
        post(message, { "mcp-session-id": id }),
      ),
      ...forEachOf(`${what}, method header`, ["tools/list", "tools/call", "initialize", ""], (method) =>
        post(message, { "mcp-method": method }),
      ),
      ...forEachOf(`${what}, name header`, ["search_capabilities", "other", ""], (name) => post(message, { "mcp-name": name })),
      ...forEachOf(`${what}, parameter header`, ["x"], (value) => post(message, { "mcp-param-query": value })),
      ...forEachOf(`${what}, last event`, ["1", ""], (id) => post(message, { "last-event-id": id })),
    })),
    ...["GET", "DELETE", "PUT", "PATCH", "OPTIONS", "HEAD"].map((method) => ({ [method]: { method } })),
  );
}

/** What a JSON-RPC message may be made of: ids, versions, methods, parameters, members that nobody asked for. */
export function messageCases(): Corpus {
  const ids = [0, -1, -0, 1.5, 1e21, 9_007_199_254_740_991, 9_007_199_254_740_992, "", "a", "1", "ü🔑", "x".repeat(5_000), "__proto__"];
  const oddIds = [null, true, false, [], {}, [1]];
  const methods = ["", "tools/call", "tools/List", "tools/list ", "prompts/list", "resources/list", "ping", "rpc.discover", "__proto__"];
  const more = [
    "constructor",
    "completion/complete",
    "logging/setLevel",
    "notifications/initialized",
    "notifications/cancelled",
    "x".repeat(5_000),
  ];
  const wrong = [
    null,
    [],
    [1],
    "x",
    1,
    true,
    { cursor: "x" },
    { cursor: 1 },
    { name: "x" },
    { _meta: null },
    { _meta: [] },
    { _meta: "x" },
  ];
  const names = [
    "rm",
    "",
    " search_capabilities",
    "Search_capabilities",
    "toString",
    "__proto__",
    "constructor",
    "x".repeat(300),
    null,
    1,
    {},
  ];
  const given = [null, [], "x", 1, true, {}, { query: "" }, { query: 7 }, { query: ["echo", "text"] }, { query: Array(9).fill("a") }];
  const fields = [
    { query: "echo", extra: 1 },
    { query: "echo", limit: 99 },
    { query: "echo", limit: "5" },
    { query: "echo", detail: "no" },
  ];
  const metas = [
    {},
    { progressToken: 1 },
    { progressToken: "p" },
    { progressToken: null },
    { progressToken: {} },
    { other: 1 },
    { traceparent: "00-x" },
    traced,
    { [CLIENT_CAPABILITIES_META_KEY]: { elicitation: { form: {}, url: {} } } },
    { [CLIENT_INFO_META_KEY]: { name: "peer", version: "1" } },
    { [PROTOCOL_VERSION_META_KEY]: "2025-11-25" },
    { "io.modelcontextprotocol/related-task": { taskId: "x" } },
    { "io.modelcontextprotocol/related-task": 7 },
  ];
  const wholes: unknown[] = [42, "x", null, true, [], {}, [listing], [listing, search], [[listing]], [1], [null], [listing, 1]];
  const batches: unknown[] = [
    [{ jsonrpc: "2.0", method: "notifications/initialized" }],
    [{ jsonrpc: "2.0", method: "notifications/initialized" }, listing],
    [initialize(), listing],
    Array(50).fill(listing),
  ];
  return {
    ...forEachOf("list with the id", [...ids, ...oddIds], (id) => post({ ...listing, id })),
    ...forEachOf("search with the id", [...ids, ...oddIds], (id) => post({ ...search, id })),
    "no id": post({ jsonrpc: "2.0", method: "tools/list" }),
    "a call without id": post({ jsonrpc: "2.0", method: "tools/call", params: search.params }),
    ...forEachOf("jsonrpc", ["1.0", "2", 2, 2.0, null, "", "2.0 ", ["2.0"]], (jsonrpc) => post({ ...listing, jsonrpc })),
    "no jsonrpc": post({ id: 1, method: "tools/list" }),
    ...forEachOf("method", [...methods, ...more, null, 1, {}, []], (method) => post(rpc("x", undefined, { method }))),
    "no method": post({ jsonrpc: "2.0", id: 1 }),
    "an answer": post({ jsonrpc: "2.0", id: 1, result: {} }),
    "an error": post({ jsonrpc: "2.0", id: 1, error: { code: -1, message: "no" } }),
    "a request and an answer": post({ ...listing, result: {} }),
    "an error of nothing": post({ jsonrpc: "2.0", error: { code: -1, message: "no" } }),
    ...forEachOf("list with the params", wrong, (params) => post(rpc("tools/list", params))),
    ...forEachOf("call with the params", wrong, (params) => post(rpc("tools/call", params))),
    ...forEachOf("tool", names, (name) => post(rpc("tools/call", { name }))),
    ...forEachOf("arguments", given, (value) => post(callOf("search_capabilities", value))),
    ...forEachOf("search", fields, (value) => post(callOf("search_capabilities", value))),
    ...forEachOf("arguments of execute", [...given, ...fields], (value) => post(callOf("execute_capability", value))),
    ...forEachOf("a member beside", [{ extra: 1 }, { auth: null }, { meta: {} }], (beside) => post({ ...search, ...beside })),
    ...forEachOf("a parameter beside", [{ extra: 1 }, { task: { ttl: 1 } }, { inputResponses: {} }, { requestState: "x" }], (beside) =>
      post(callOf("search_capabilities", { query: "echo" }, beside)),
    ),
    ...forEachOf("list with _meta", metas, (_meta) => post(rpc("tools/list", { _meta }))),
    ...forEachOf("search with _meta", metas, (_meta) => post(callOf("search_capabilities", { query: "echo" }, { _meta }))),
    ...forEachOf("id of initialize", [...ids, ...oddIds], (id) => post({ ...initialize(), id })),
    ...forEachOf(
      "end of the handshake",
      [{}, { params: {} }, { params: { _meta: {} } }, { params: null }, { id: null }, { extra: 1 }],
      (more) => post({ jsonrpc: "2.0", method: "notifications/initialized", ...more }),
    ),
    ...forEachOf("body", wholes, (body) => post(body)),
    ...forEachOf("batch", batches, (body) => post(body)),
    ...forEachOf(
      "initialize",
      [
        {},
        ...["1999-01-01", "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28", "", 1, null].map((protocolVersion) => ({
          protocolVersion,
        })),
        ...[null, {}, "x", { name: "x" }, { name: "", version: "" }, { name: "x", version: "1", title: "X", icons: [], more: 1 }].map(
          (clientInfo) => ({ clientInfo }),
        ),
        ...[{ elicitation: {} }, { elicitation: { url: {} } }, { elicitation: { form: {}, url: {} } }, { elicitation: { url: 1 } }].map(
          (capabilities) => ({ capabilities }),
        ),
        ...[null, [], "x", { roots: { listChanged: "x" } }, { sampling: {}, more: { any: 1 } }].map((capabilities) => ({
          capabilities,
        })),
        ...metas.map((_meta) => ({ _meta })),
        { extra: 1 },
      ],
      (params) => post(initialize(params)),
    ),
  };
}

/** Bodies that are no JSON of anybody's making. */
export function rawCases(): Corpus {
  const text = JSON.stringify(search);
  const query = (value: string) => text.replace('"echo"', value);
  const bytes = (...parts: (string | number[])[]) => new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part))));
  return {
    empty: raw(""),
    blank: raw(" \n\t "),
    cut: raw(text.slice(0, -1)),
    "more than one": raw(`${text}${text}`),
    "more than one line": raw(`${text}\n${text}`),
    "a comma too much": raw(text.replace(/}$/, ",}")),
    "single quotes": raw(text.replaceAll('"', "'")),
    "white space around": raw(`\r\n ${text} \n`),
    "byte order mark": { body: bytes([0xef, 0xbb, 0xbf], text) },
    "UTF-16": { body: new Uint8Array(Buffer.from(text, "utf16le")) },
    "bytes that are no UTF-8": { body: bytes(query('"e').slice(0, -4), [0xff, 0xfe], '"}}}') },
    "half a character": raw(query('"echo \\ud800"')),
    "half a character as an id": raw(text.replace('"id":1', '"id":"\\udfff"')),
    "half a character in a name": raw(text.replace("search_capabilities", "search\\ud800")),
    nul: raw(query('"echo \\u0000"')),
    "line separators": raw(query('"echo \u2028\u2029"')),
    "right to left": raw(query('"\\u202eohce"')),
    emoji: raw(query('"👩‍👩‍👧 echo"')),
    "id twice": raw(text.replace('"id":1', '"id":1,"id":2')),
    "method twice": raw(text.replace('"method"', '"method":"tools/list","method"')),
    "name twice": raw(text.replace('"name"', '"name":"rm","name"')),
    "arguments twice": raw(text.replace('"arguments"', '"arguments":7,"arguments"')),
    "__proto__ beside": raw(text.replace('"id":1', '"id":1,"__proto__":{"method":"x"}')),
    "__proto__ in params": raw(text.replace('"name"', '"__proto__":{"name":"x"},"name"')),
    "__proto__ in arguments": raw(text.replace('"query"', '"__proto__":{"limit":1},"query"')),
    "constructor in arguments": raw(text.replace('"query"', '"constructor":{"prototype":{"x":1}},"query"')),
    "__proto__ as params": raw('{"jsonrpc":"2.0","id":1,"method":"tools/list","__proto__":{"params":{"x":1}}}'),
    "__proto__ in _meta": raw(text.replace('"name"', '"_meta":{"__proto__":{"progressToken":{}},"toString":1},"name"')),
    "deep objects in _meta": raw(text.replace('"name"', `"_meta":{"a":${nested(8_000, '{"a":', "}").replace('{"a":}', "{}")}},"name"`)),
    "_meta twice": raw(text.replace('"name"', '"_meta":{"progressToken":{}},"_meta":{},"name"')),
    "toJSON in arguments": raw(text.replace('"query"', '"toJSON":"x","query"')),
    "a number beyond numbers": raw(text.replace('"id":1', '"id":1e999')),
    "a number of many digits": raw(text.replace('"id":1', `"id":${"1".repeat(400)}`)),
    "1.0": raw(text.replace('"id":1', '"id":1.0')),
    "minus nothing": raw(text.replace('"id":1', '"id":-0')),
    "deep lists as arguments": raw(query(nested(2_000, "[", "]"))),
    "deep objects as arguments": raw(query(nested(2_000, '{"a":', "}").replace('{"a":}', "{}"))),
    "deep objects in a handshake": raw(
      JSON.stringify(initialize({ capabilities: { experimental: {} } })).replace(
        '"experimental":{}',
        `"experimental":{"a":${nested(8_000, '{"a":', "}").replace('{"a":}', "{}")}}`,
      ),
    ),
    "deep lists as a body": raw(nested(50_000, "[", "]")),
    "deep lists as an id": raw(text.replace('"id":1', `"id":${nested(2_000, "[", "]")}`)),
    "a large argument": raw(query(JSON.stringify("x".repeat(900_000)))),
    "many arguments": raw(text.replace('"query"', `${Array.from({ length: 20_000 }, (_, n) => `"k${n}":${n}`).join(",")},"query"`)),
    "many members": raw(text.replace('"id":1', `"id":1,${Array.from({ length: 1_000 }, (_, n) => `"k${n}":${n}`).join(",")}`)),
    "more than is taken": raw(query(JSON.stringify("x".repeat(1_100_000)))),
  };
}

/** The generation of 2026-07-28: its envelope, its headers, and both where they disagree. */
export function modernCases(echo: string): Corpus {
  const call = { name: "search_capabilities", arguments: { query: "echo" } };
  const execute = { name: "execute_capability", arguments: { name: echo, arguments: { text: "hi" } } };
  const headers: Record<string, string | null>[] = [
    { "mcp-method": null },
    { "mcp-method": "tools/list" },
    { "mcp-method": "TOOLS/CALL" },
    { "mcp-method": " tools/call " },
    { "mcp-name": null },
    { "mcp-name": "rm" },
    { "mcp-name": "" },
    { "mcp-name": "=?base64?c2VhcmNoX2NhcGFiaWxpdGllcw==?=" },
    { "mcp-name": "=?base64?!!?=" },
    { "mcp-protocol-version": null },
    { "mcp-protocol-version": "2025-11-25" },
    { "mcp-protocol-version": "2027-01-01" },
    { accept: "application/json" },
    { accept: "text/event-stream" },
    { accept: null },
    { "mcp-session-id": "x" },
  ];
  const metas = [
    { [PROTOCOL_VERSION_META_KEY]: "2025-11-25" },
    { [PROTOCOL_VERSION_META_KEY]: "2027-01-01" },
    { [PROTOCOL_VERSION_META_KEY]: 7 },
    { [PROTOCOL_VERSION_META_KEY]: undefined },
    { [CLIENT_CAPABILITIES_META_KEY]: undefined },
    { [CLIENT_CAPABILITIES_META_KEY]: null },
    { [CLIENT_CAPABILITIES_META_KEY]: { elicitation: { url: {} } } },
    { [CLIENT_CAPABILITIES_META_KEY]: { elicitation: { form: {}, url: {} }, sampling: {}, roots: { listChanged: true } } },
    { [CLIENT_CAPABILITIES_META_KEY]: { elicitation: 7 } },
    { [CLIENT_INFO_META_KEY]: undefined },
    { [CLIENT_INFO_META_KEY]: "x" },
    { progressToken: 7 },
    { progressToken: {} },
    { "example.com/own": { deep: [1] } },
    { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
    { "io.modelcontextprotocol/logLevel": "debug" },
    { "io.modelcontextprotocol/logLevel": "loud" },
  ];
  return {
    discover: modern("server/discover"),
    list: modern("tools/list"),
    "list with a cursor": modern("tools/list", { cursor: "x" }),
    search: modern("tools/call", call),
    execute: modern("tools/call", execute),
    "unknown tool": modern("tools/call", { name: "rm" }),
    "no tool": modern("tools/call", {}),
    "wrong arguments": modern("tools/call", { ...call, arguments: [] }),
    "no arguments": modern("tools/call", { name: "search_capabilities" }),
    "input responses": modern("tools/call", { ...execute, inputResponses: { q: { action: "accept" } } }),
    "a state of nobody": modern("tools/call", { ...execute, requestState: "x" }),
    "a task": modern("tools/call", { ...execute, task: { ttl: 1_000 } }),
    initialize: modern("initialize", { protocolVersion: "2026-07-28", capabilities: {}, clientInfo: { name: "peer", version: "1" } }),
    ping: modern("ping"),
    "unknown method": modern("tools/rm"),
    subscribe: modern("resources/list"),
    "an envelope without its headers": post(rpc("tools/list", { _meta: { [PROTOCOL_VERSION_META_KEY]: "2026-07-28" } })),
    "headers without an envelope": post(search, {
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": call.name,
    }),
    "an envelope and an old version": post(rpc("tools/list", { _meta: { [PROTOCOL_VERSION_META_KEY]: "2026-07-28" } }), {
      "mcp-protocol-version": "2025-11-25",
    }),
    ...forEachOf("call with", headers, (more) => modern("tools/call", call, { headers: more })),
    ...forEachOf("list with", headers, (more) => modern("tools/list", {}, { headers: more })),
    ...forEachOf("call with _meta", metas, (meta) => modern("tools/call", call, { meta })),
    ...forEachOf("list with _meta", metas, (meta) => modern("tools/list", {}, { meta })),
    ...forEachOf("id", [0, "", null, 1.5, "x", true], (id) => {
      const { body = "", headers: given = {} } = modern("tools/call", call);
      return raw(String(body).replace('"id":1', `"id":${JSON.stringify(id)}`), given);
    }),
  };
}

/** Calls of capabilities, as both generations make them. */
export function executeCases(names: Record<string, string>, given: Record<string, unknown> = { text: "hi" }): Corpus {
  return named(
    Object.entries(names).flatMap(([what, name]) => {
      const call = { name: "execute_capability", arguments: { name, arguments: given } };
      return [
        [what, post(rpc("tools/call", call))],
        [`${what}, with a trace`, post(rpc("tools/call", { ...call, _meta: traced }))],
        [`${what}, with progress`, post(rpc("tools/call", { ...call, _meta: { progressToken: "p" } }))],
        [`${what}, for an agent that opens URLs`, post(rpc("tools/call", call), { "mcp-session-id": `url-${crypto.randomUUID()}` })],
        [`${what}, 2026-07-28`, modern("tools/call", call)],
        [
          `${what}, 2026-07-28, with URLs`,
          modern("tools/call", call, { meta: { [CLIENT_CAPABILITIES_META_KEY]: { elicitation: { form: {}, url: {} } } } }),
        ],
        [`${what}, as one of several`, post(callOf("execute_capability", { calls: [call.arguments, call.arguments] }))],
      ] as const;
    }),
  );
}

/** A few plain requests, for callers of every kind. */
export function plainCases(echo: string): Corpus {
  return {
    list: post(listing),
    search: post(search),
    execute: post(callOf("execute_capability", { name: echo, arguments: { text: "hi" } })),
    "list, 2026-07-28": modern("tools/list"),
    "execute, 2026-07-28": modern("tools/call", { name: "execute_capability", arguments: { name: echo, arguments: { text: "hi" } } }),
    get: { method: "GET" },
  };
}
