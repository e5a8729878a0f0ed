// What is brought to the ranking beside words: bounded, fair among members, and never past a tool that was named.
import { expect, test } from "vitest";

import { type Association, Associations, newTerms, toolKey, wantedTerms, wholeTerm } from "#server/search/associations.ts";
import { cosines, matrixOf, middle, quantized } from "#server/search/embeddings/nearness.ts";
import { type Evidence, fuse } from "#server/search/fuse.ts";
import { fakeVector } from "#tests/fakes/embeddings.ts";

const hit = (name: string, score: number, connection = "linear") => ({
  tool: { name },
  connection: { id: connection, name: connection },
  score,
});
const names = (hits: { tool: { name: string } }[]) => hits.map(({ tool }) => tool.name);
const nothing: Evidence = { use: new Map(), meaning: null, unknown: 0 };
const key = (name: string) => toolKey("linear", name);

test("without evidence the order and the scores stay as they are", () => {
  const hits = [hit("c", 12.5), hit("a", 7.25), hit("b", 7.25)];
  const fused = fuse(hits, [], nothing, ["x"]);
  expect(names(fused)).toEqual(names(hits));
  for (const [index, { score }] of fused.entries()) expect(score).toBeCloseTo(hits[index]?.score ?? 0, 9);
});

test("use lifts a tool over a better one by words, but over none that was named", () => {
  const hits = [hit("create_issue", 10), hit("update_issue", 8), hit("list_issues", 6)];
  const use = new Map([
    [key("update_issue"), 1.6],
    [key("unheard_of"), 1.6],
  ]);
  const others = [hit("unheard_of", 0)];
  expect(names(fuse(hits, others, { ...nothing, use }, ["new ticket"]))[0]).toBe("update_issue");
  for (const query of ["create issue", "create_issue", "createIssue linear"])
    expect(names(fuse(hits, others, { ...nothing, use }, [query]))[0]).toBe("create_issue");
  const meaning = new Map([[key("unheard_of"), 1]]);
  expect(names(fuse(hits, others, { use, meaning, unknown: 1 }, ["create issue"]))[0]).toBe("create_issue");
});

test("meaning counts the more the fewer words are known", () => {
  const hits = [hit("by_words", 3)];
  const meaning = new Map([[key("by_meaning"), 1]]);
  const first = (unknown: number) => names(fuse(hits, [hit("by_meaning", 0)], { use: new Map(), meaning, unknown }, ["some phrase"]))[0];
  expect(first(0)).toBe("by_words");
  expect(first(0.8)).toBe("by_meaning");
});

const row = (term: string, membershipId: string, weight = 1): Association => ({
  connectionId: "linear",
  toolName: "a",
  term,
  membershipId,
  weight,
});

test("one member moves their own answers alone, two everybody's; repeating it adds little", () => {
  const shareOf = (rows: Association[], caller: string) => new Associations(rows).sharesOf(["bug"], caller).get(key("a")) ?? 0;
  expect(shareOf([row("bug", "ada", 3)], "ada")).toBeGreaterThan(0);
  expect(shareOf([row("bug", "ada", 1_000_000)], "bob")).toBe(0);
  const two = shareOf([row("bug", "ada"), row("bug", "bob")], "eve");
  expect(two).toBeGreaterThan(shareOf([row("bug", "ada")], "ada"));
  expect(shareOf([row("bug", "ada", 1_000_000)], "ada")).toBeLessThan(
    shareOf([row("bug", "ada", 1), row("bug", "bob"), row("bug", "eve")], "ada"),
  );
});

test("terms are stems of what is wanted, and of those only what the tool does not say itself is kept", () => {
  expect(wantedTerms('Please file a bug "Login fails" for <project> 4711 in the trackers')).toEqual(["file", "bug", "tracker"]);
  const tool = { name: "create_issue", title: null, description: "Adds one to the tracker.", inputSchema: { properties: { body: {} } } };
  expect(newTerms(["file", "bug", "tracker", "bodi", "linear"], "Linear", tool)).toEqual(["file", "bug"]);
  expect(wholeTerm(["a", "b"])).toBe(wholeTerm(["b", "a"]));
  expect(wholeTerm(["a", "b"])).not.toBe(wholeTerm(["a", "c"]));
});

test("bytes keep directions to a hundredth, and what has no vector is no number", async () => {
  const unit = (text: string) => middle([Float32Array.from(fakeVector(text, 256))]);
  const texts = ["book a vehicle", "automobile", "print a label", ""];
  const exact = texts.map((text) => unit(text).reduce((sum, value, at) => sum + value * (unit("a car for the holiday")[at] ?? 0), 0));
  const matrix = matrixOf([...texts.map((text) => quantized(unit(text))), undefined, new Int8Array(3)], 256);
  const found = await cosines(matrix, unit("a car for the holiday"));
  for (const [index, cosine] of exact.entries()) expect(Math.abs((found[index] ?? 9) - cosine)).toBeLessThan(0.01);
  expect([...found.slice(4)]).toEqual([NaN, NaN]);
});
