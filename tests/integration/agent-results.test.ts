// Results too large for one answer: the beginning and the way to the rest, for the one who asked alone, and only while they may.
import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";

import type { CallToolResult } from "@modelcontextprotocol/server";
import { expect, onTestFinished, test, vi } from "vitest";
import { z } from "zod";

import { fitResult, maxInlineBytes, wholeRoom } from "#server/agent/fit-result.ts";
import { replace } from "#server/grants/replace.ts";
import { db } from "#server/db.ts";
import { keep, sweepResults } from "#server/results/keep.ts";
import { pageLength } from "#server/results/read.ts";
import { createSealer } from "#server/seal.ts";
import { sealer } from "#server/secrets.ts";
import { createMember, createOrganization } from "#prisma/factories.ts";
import { call, connectUpstream, execute, legacyClient, tokenFor, useAgentWorld } from "#tests/setup/agent.ts";

const world = useAgentWorld();
const agentOf = async (actor = world.owner.actor) => legacyClient(world, await tokenFor(actor));

const lines = Array.from({ length: 40_000 }, (_, index) => `line ${index + 1} 😀`);
const items = Array.from({ length: 20_000 }, (_, index) => ({ id: index, name: `item ${index}`, "a/b": { "~": [index] } }));
const image = { type: "image" as const, data: "aGlh".repeat(100_000), mimeType: "image/png" };

const idIn = (statement: string) => /"id": "([^"]+)"/.exec(statement)?.[1] ?? "";

async function largeResult(result: { content: object[]; structuredContent?: Record<string, unknown>; _meta?: object }) {
  world.upstream.tools = [{ name: "export", run: () => z.custom<{ content: [] }>().parse(result) }];
  const { id } = await connectUpstream(world);
  const agent = await agentOf();
  const answer = await execute(agent, `mcp:${id}:export`);
  const [statement, beginning, ...rest] = answer.content;
  const text = z.object({ text: z.string() });
  const resultId = idIn(text.parse(statement).text);
  return { connectionId: id, agent, answer, resultId, statement: text.parse(statement).text, beginning: text.parse(beginning).text, rest };
}

const page = z.object({ text: z.string(), page: z.number(), pages: z.number(), nextOffset: z.number().optional() });
const part = z.object({ structuredContent: z.object({ result: page }) });
type Agent = Awaited<ReturnType<typeof agentOf>>;
const read = async (agent: Agent, given: object) =>
  part.parse(await execute(agent, "gatehouse:results.read", { ...given })).structuredContent.result;

async function pagesOf(agent: Agent, id: string): Promise<string[]> {
  const first = await read(agent, { id });
  const pages = [first.text];
  for (let page = 2; page <= first.pages; page += 1) pages.push((await read(agent, { id, page })).text);
  return pages;
}

test("a text is handed out in pages that join to the whole, by lines too; images stay untouched", async () => {
  const whole = lines.join("\n");
  const { agent, resultId, statement, beginning, rest } = await largeResult({ content: [{ type: "text", text: whole }, image] });
  expect(statement).toContain("40000 lines");
  expect(whole.startsWith(beginning)).toBe(true);
  expect(rest).toEqual([image]);
  const pages = await pagesOf(agent, resultId);
  expect(pages.join("")).toBe(whole);
  expect(pages.every((page) => page.length <= pageLength + 1 && !/[\uD800-\uDFFF]/u.test(page))).toBe(true);
  expect(await read(agent, { id: resultId, lines: "39999-50000" })).toMatchObject({ text: lines.slice(-2).join("\n"), pages: 1 });
});

test("an object is read by JSON Pointer; a wrong one says what is there", async () => {
  const { agent, resultId } = await largeResult({ content: [], structuredContent: { items } });
  expect((await read(agent, { id: resultId, pointer: "/items/19999/name" })).text).toBe("item 19999");
  expect((await read(agent, { id: resultId, pointer: "/items/7/a~1b/~0" })).text).toBe("[7]");
  for (const [given, said] of [
    [{ pointer: "/items/20000" }, "an array of 20000"],
    [{ pointer: "/__proto__" }, "an object with items"],
    [{ pointer: "items" }, 'begins with "/"'],
    [{ pointer: "/items/1/id/x" }, "a plain value"],
    [{ page: 10_000 }, "last page"],
    [{ offset: 100_000_000 }, "last page"],
    [{ offset: JSON.stringify({ items }).length }, "last page"],
    [{ pointer: "/items/length" }, "an array of 20000"],
    [{ lines: "2-3" }, "The last line is 1."],
    [{ page: 1, offset: 1 }, "not at both"],
    [{ lines: "9-1" }, "first line"],
    [{ lines: "1-2", pointer: "" }, "not by both"],
  ] as const) {
    const refused = await execute(agent, "gatehouse:results.read", { id: resultId, ...given });
    expect(refused).toMatchObject({ isError: true, structuredContent: { error: "invalid_capability_arguments" } });
    expect(JSON.stringify(refused.structuredContent)).toContain(JSON.stringify(said).slice(1, -1));
  }
});

test("texts beside an object are kept with it: they are read by page and lines, the object by JSON Pointer", async () => {
  const structuredContent = { exitCode: 0, steps: ["build"] };
  const resource = { type: "resource", resource: { uri: "file:///note", text: "a note" } };
  const content = [{ type: "text", text: lines.join("\n") }, resource, image];
  const { agent, resultId, statement, beginning, rest } = await largeResult({ content, structuredContent });
  expect(statement).toContain("40005 lines");
  expect(statement).toContain("last line is the structured content");
  expect(beginning.startsWith("line 1 ")).toBe(true);
  expect(rest).toEqual([image]);
  const note = `{"type":"resource","resource":{"uri":"file:///note"}}\na note`;
  const whole = `${lines.join("\n")}\n${note}\n\nStructured content:\n${JSON.stringify(structuredContent)}`;
  expect((await read(agent, { id: resultId, lines: "1-40005" })).pages).toBe(Math.ceil(whole.length / pageLength));
  expect((await read(agent, { id: resultId, lines: "40000-40005" })).text).toBe(whole.slice(whole.indexOf("line 40000 ")));
  expect((await read(agent, { id: resultId, pointer: "/exitCode" })).text).toBe("0");
  expect((await read(agent, { id: resultId, pointer: "" })).text).toBe(JSON.stringify(structuredContent));
});

test("a text that only repeats the object, however it is laid out, is not kept beside it", async () => {
  const content = [
    { type: "text", text: JSON.stringify({ items }, null, 2) },
    { type: "text", text: "" },
  ];
  const { agent, resultId, statement, beginning } = await largeResult({ content, structuredContent: { items } });
  expect(statement).not.toContain("last line");
  expect(JSON.stringify({ items }).startsWith(beginning)).toBe(true);
  expect((await read(agent, { id: resultId, lines: "1-2" })).pages).toBe(Math.ceil(JSON.stringify({ items }).length / pageLength));
  expect((await read(agent, { id: resultId, pointer: "/items/3/id" })).text).toBe("3");
});

const short = { type: "text", text: "short" };
const links = lines.slice(0, 5_000).map((name) => ({ type: "resource_link", uri: `file:///${encodeURIComponent(name)}`, name }));
const ofNoKind = lines.slice(0, 10_000).map((data) => ({ type: "hologram", data }));
const _meta = { "example.com/log": lines };
const jsonLines = (values: object[]) => values.map((value) => JSON.stringify(value)).join("\n");

test.each([
  ["links", { content: links }, jsonLines(links)],
  ["blocks of a kind that nobody knows", { content: [short, ...ofNoKind] }, `short\n${jsonLines(ofNoKind)}`],
  ["what a text has beside it", { content: [{ ...short, _meta }] }, `${JSON.stringify({ type: "text", _meta })}\nshort`],
  ["_meta", { content: [short], _meta }, `short\n${JSON.stringify({ _meta })}`],
])("%s count as text does, and are kept as lines of JSON where they are too much", async (_what, result, whole) => {
  const owner = world.owner.actor;
  const answer = await fitResult(z.custom<CallToolResult>().parse(result), { owner, connectionId: null, room: wholeRoom });
  expect(Buffer.byteLength(JSON.stringify(answer))).toBeLessThan(maxInlineBytes);
  expect(answer.content).toHaveLength(2);
  const [statement] = answer.content;
  expect((await pagesOf(await agentOf(), idIn(z.object({ text: z.string() }).parse(statement).text))).join("")).toBe(whole);
});

test("where only the text is large, a link and `_meta` stay inline, and a pointer selects from it", async () => {
  const [link] = links;
  const content = [{ type: "text", text: JSON.stringify({ items }, null, 1) }, image, { ...link }];
  const { agent, answer, resultId, rest } = await largeResult({ content, _meta: { "example.com/trace": "7" } });
  expect(rest).toEqual([image, link]);
  expect(answer._meta).toMatchObject({ "example.com/trace": "7" });
  expect((await read(agent, { id: resultId, pointer: "/items/3/id" })).text).toBe("3");
});

test("of the text of a resource it is told whose it is, and a pointer selects from it all the same", async () => {
  const about = { uri: "file:///items.json", mimeType: "application/json" };
  const content = [{ type: "resource", resource: { ...about, text: JSON.stringify({ items }) } }];
  const { agent, resultId, beginning } = await largeResult({ content });
  expect(beginning.startsWith(`${JSON.stringify({ type: "resource", resource: about })}\n{"items"`)).toBe(true);
  expect((await read(agent, { id: resultId, pointer: "/items/3/id" })).text).toBe("3");
});

test("a result that is read again and again is opened and parsed once", async () => {
  const { agent, resultId } = await largeResult({ content: [], structuredContent: { items } });
  const spies = [vi.spyOn(sealer, "openBytes"), vi.spyOn(JSON, "parse")] as const;
  onTestFinished(() => spies.forEach((spy) => spy.mockRestore()));
  const calls = [{ page: 1 }, { page: 2 }, { lines: "1-1" }, ...[1, 2, 3].map((page) => ({ pointer: "/items", page }))];
  await readTogether(
    agent,
    calls.map((selection) => ({ id: resultId, ...selection })),
  );
  for (const selection of calls) await read(agent, { id: resultId, ...selection });
  const [opened, parsed] = [spies[0].mock.calls, spies[1].mock.calls];
  expect(opened.filter(([, binding]) => binding === `result:${resultId}`)).toHaveLength(1);
  expect(parsed.filter(([text]) => text === JSON.stringify({ items }))).toHaveLength(1);
});

/** What several reads in one batch answered, and its bytes of text. */
async function readTogether(agent: Agent, given: object[]) {
  const calls = given.map((one) => ({ name: "gatehouse:results.read", arguments: one }));
  const { content } = await call(agent, "execute_capability", { calls });
  const texts = content.map((block) => z.object({ text: z.string() }).parse(block).text);
  return { pages: texts.map((text) => part.parse(JSON.parse(text)).structuredContent.result), bytes: Buffer.byteLength(texts.join("")) };
}

test.each([
  ["emojis", lines.slice(0, 20_000).join("\n")],
  ["a beginning that JSON makes six times as long", "\u0001".repeat(20_000) + "x".repeat(250_000)],
])("pages read in one batch share its room, are never kept anew, and join to the whole (%s)", async (_what, whole) => {
  const { agent, resultId } = await largeResult({ content: [{ type: "text", text: whole }] });
  const parts = Array.from({ length: Math.ceil(whole.length / pageLength) }, () => "");
  const first = await readTogether(
    agent,
    parts.map((_, index) => ({ id: resultId, page: index + 1 })),
  );
  expect(first.pages.some(({ nextOffset }) => nextOffset !== undefined)).toBe(true);
  for (let answer = first; ;) {
    expect(answer.bytes).toBeLessThan(maxInlineBytes);
    for (const { page, text } of answer.pages) parts[page - 1] += text;
    const rest = answer.pages.flatMap(({ nextOffset }) => (nextOffset === undefined ? [] : { id: resultId, offset: nextOffset }));
    if (rest.length === 0) break;
    answer = await readTogether(agent, rest);
  }
  expect(parts.join("") === whole).toBe(true);
  expect(await db.keptResult.count()).toBe(1);
});

test.each([
  ["a text of its own", { result: lines.join("\n") }, [lines.join("\n")]],
  ["a list with a text for each item", { result: items }, items.map((item) => JSON.stringify(item))],
])("what an SDK wraps as a result and repeats as texts is kept once (%s)", async (_what, structuredContent, texts) => {
  const content = texts.map((text) => ({ type: "text", text }));
  const { agent, resultId, statement } = await largeResult({ content, structuredContent });
  expect(statement).not.toContain("Its last line");
  const whole = JSON.stringify(structuredContent);
  expect((await read(agent, { id: resultId })).text).toBe(whole.slice(0, pageLength));
  expect((await read(agent, { id: resultId })).pages).toBe(Math.ceil(whole.length / pageLength));
});

test("a text that has more digits than a parsed number is no repetition", async () => {
  const text = `{"id":9007199254740993,"rest":"${"x".repeat(300_000)}"}`;
  const structuredContent = z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  const { beginning } = await largeResult({ content: [{ type: "text", text }], structuredContent });
  expect(beginning).toContain("9007199254740993");
});

test("a large result in a batch shows less than a page, and says where the rest of it begins", async () => {
  const whole = lines.join("\n");
  world.upstream.tools = [{ name: "export", run: () => ({ content: [{ type: "text", text: whole }] }) }];
  const { id } = await connectUpstream(world);
  const agent = await agentOf();
  const calls = Array.from({ length: 12 }, () => ({ name: `mcp:${id}:export`, arguments: {} }));
  const { content } = await call(agent, "execute_capability", { calls });
  const texts = content.map((block) => z.object({ text: z.string() }).parse(block).text);
  const at = texts.findIndex((text) => text.includes("Cut by Gatehouse"));
  const [statement = "", shown = ""] = texts.slice(at);
  const offset = Number(/The rest of page 1 is "offset": (\d+)\./.exec(statement)?.[1]);
  const { text } = await read(agent, { id: idIn(statement), offset });
  expect(shown.length).toBeLessThan(pageLength);
  expect(shown + text).toBe((await read(agent, { id: idIn(statement), page: 1 })).text);
});

test("an organization keeps 64 MiB: what is oldest makes room, and others lose nothing", async () => {
  const { actor } = world.owner;
  const stranger = await createMember(await createOrganization("Other"), { role: "owner" });
  const row = ({ orgId, membershipId }: typeof actor, id: string, minutesAgo: number) => {
    const [createdAt, expiresAt] = [new Date(Date.now() - minutesAgo * 60_000), new Date(Date.now() + 60_000)];
    return { id, orgId, membershipId, sealed: "x", bytes: 30 * 1_048_576, createdAt, expiresAt };
  };
  await db.keptResult.createMany({
    data: [row(actor, "oldest", 3), row(actor, "older", 2), row(actor, "old", 1), row(stranger.actor, "theirs", 3)],
  });
  const id = await keep(actor, null, "new");
  const kept = await db.keptResult.findMany({ select: { id: true } });
  expect(kept.map((one) => one.id).sort()).toEqual([id, "old", "older", "theirs"].sort());
});

const gone = {
  isError: true,
  structuredContent: { error: "invalid_capability_arguments", message: expect.stringContaining("no such result") },
};

test("what a version before kept in another form is as good as over", async () => {
  const { agent, resultId } = await largeResult({ content: [{ type: "text", text: lines.join("\n") }] });
  const packed = gzipSync(lines.join("\n")).toString("base64");
  await db.keptResult.updateMany({ data: { sealed: sealer.seal(packed, `result:${resultId}`) } });
  expect(await execute(agent, "gatehouse:results.read", { id: resultId })).toMatchObject(gone);
});

test("what was sealed with a key that is gone meanwhile is over", async () => {
  const { agent, resultId } = await largeResult({ content: [{ type: "text", text: lines.join("\n") }] });
  const before = createSealer([{ kid: "dropped", key: randomBytes(32) }]);
  const sealed = await before.sealBytes(gzipSync(lines.join("\n")), `result:${resultId}`);
  await db.keptResult.updateMany({ data: { sealed } });
  expect(await execute(agent, "gatehouse:results.read", { id: resultId })).toMatchObject(gone);
});

test("what is kept is sealed, belongs to the one who asked, and goes with the grant and with its time", async () => {
  const { agent, resultId, connectionId } = await largeResult({ content: [{ type: "text", text: lines.join("\n") }] });
  const [row] = await db.keptResult.findMany();
  expect((row?.expiresAt.getTime() ?? 0) - (row?.createdAt.getTime() ?? 0)).toBeGreaterThan(15 * 60_000 - 5_000);
  expect(row?.expiresAt.getTime()).toBeLessThanOrEqual(Date.now() + 15 * 60_000);
  expect(row?.sealed).not.toContain("line 1");
  expect(row?.bytes).toBeLessThan(lines.join("\n").length / 2);
  // In memory by now, where it was opened; that changes nothing for anybody.
  expect((await read(agent, { id: resultId })).page).toBe(1);
  const other = await createMember({ id: world.owner.actor.orgId, name: "Acme" }, { role: "admin" });
  const stranger = await createMember(await createOrganization("Other"), { role: "owner" });
  for (const { actor } of [other, stranger])
    expect(await execute(await agentOf(actor), "gatehouse:results.read", { id: resultId })).toMatchObject(gone);

  const { version } = await db.connection.findUniqueOrThrow({ where: { id: connectionId } });
  await replace(world.owner.actor, { connectionId, version, access: { organization: false, membershipIds: [], teamIds: [] } });
  expect(await execute(agent, "gatehouse:results.read", { id: resultId })).toMatchObject({ isError: true });
  await db.keptResult.updateMany({ data: { expiresAt: new Date(Date.now() - 1) } });
  expect(await execute(agent, "gatehouse:results.read", { id: resultId })).toMatchObject(gone);
  await sweepResults();
  expect(await db.keptResult.count()).toBe(0);
});
