// What search keeps in memory: shared where it is the same, gone where nobody has it any more, and bounded whatever servers list.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { afterEach, expect, test, vi } from "vitest";

import { combine } from "#server/search/collection.ts";
import { segmentMemory, segmentsFilled, segmentsOf } from "#server/search/kept-segments.ts";
import { rank } from "#server/search/rank.ts";
import { buildSegment } from "#server/search/segment.ts";
import { SharedByContent } from "#server/search/shared-by-content.ts";
import { Vocabulary } from "#server/search/vocabulary.ts";

afterEach(() => void vi.useRealTimers());

const kept = () => new SharedByContent<{ bytes: number }>(1_000, ({ bytes }) => bytes);

test("owners of the same content share one, and it goes with the last of them", () => {
  const memory = kept();
  const first = { bytes: 100 };
  memory.set("ada", "v1", first);
  expect(memory.take("bob", "v1")).toBe(first);
  expect([memory.own("ada"), memory.own("bob"), memory.own("eve")]).toEqual([first, first, undefined]);
  expect(memory.size).toBe(1);

  const second = { bytes: 200 };
  memory.set("ada", "v2", second);
  expect([memory.own("ada"), memory.own("bob")]).toEqual([second, first]);
  memory.take("bob", "v2");
  expect([memory.size, memory.get("v1")]).toEqual([1, undefined]);
  expect(memory.bytes).toBe(201);
});

test("what was not used for long makes room, and its owners have nothing then", () => {
  const memory = kept();
  for (const owner of ["ada", "bob", "eve"]) memory.set(owner, owner, { bytes: 400 });
  expect([memory.own("ada"), memory.size, memory.bytes]).toEqual([undefined, 2, 802]);
  memory.own("bob");
  memory.set("ada", "ada", { bytes: 400 });
  expect([memory.own("eve"), memory.own("bob")]).toEqual([undefined, { bytes: 400 }]);
  memory.set("eve", "too much", { bytes: 1_001 });
  expect([memory.own("eve"), memory.size]).toEqual([undefined, 2]);
  memory.dropWhere(() => true);
  expect([memory.own("ada"), memory.size, memory.bytes]).toEqual([undefined, 0, 0]);
});

const tool = (name: string, description = "") => ({ name, title: null, description, inputSchema: {} });

test("a vocabulary has an end, and what is beyond it is not found and does no harm", async () => {
  const vocabulary = new Vocabulary();
  vocabulary.add("refund");
  for (let n = 0; n < 600_000; n += 1) vocabulary.add(`term${n}`);
  expect(vocabulary.isFull).toBe(true);
  const most = vocabulary.names.length;
  expect(most).toBeLessThan(200_010);
  const tools = ["first", "second", "third", "fourth", "fifth"].map((name) => tool(`create_${name}`, `Makes the ${name} one. Refund.`));
  const collection = combine(vocabulary, [await buildSegment(vocabulary, "Zebra", tools)]);
  expect(vocabulary.names).toHaveLength(most);
  expect(rank(collection, "refund", 10).hits).toHaveLength(5);
  expect(rank(collection, "zebra fourth", 10)).toMatchObject({ hits: [], unmatchedTerms: ["zebra", "fourth"] });
});

test("a term holds on to nothing of the text that it was cut from", async () => {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  const held = () => {
    if (typeof collect === "function") collect();
    return process.memoryUsage().heapUsed;
  };
  const vocabulary = new Vocabulary();
  const before = held();
  for (let n = 0; n < 200; n += 1) {
    // In one piece, as it comes from JSON.
    const text = Buffer.from(`telegraphically${n} ${"x".repeat(400_000)}`).toString();
    await buildSegment(vocabulary, "Zebra", [tool("send", text)]);
  }
  expect(vocabulary.find("telegraphically199")).toBeGreaterThan(0);
  expect(held() - before).toBeLessThan(20_000_000);
});

/** A list of some 20,000 words that no other list has. */
const babel = (key: string) => ({
  key,
  digest: key,
  label: key,
  tools: Array.from({ length: 60 }, (_, at) => tool(`tool${at}`, Array.from({ length: 380 }, (_, n) => `${key}x${at}y${n}`).join(" "))),
});
const office = { key: "office", digest: "1", label: "Office", tools: [tool("create_issue"), tool("send_mail")] };

test("terms of lists that nobody searches any more go, but not because somebody else may use fewer lists", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const lists = ["a", "b", "c", "d", "e", "f", "g"].map(babel);
  const all = await segmentsOf("acme", [...lists, office]);
  expect(segmentMemory().terms).toBeGreaterThan(130_000);
  // What it takes is counted as it grows.
  expect(segmentsFilled()).toBeGreaterThan(0.13);
  vi.setSystemTime(Date.now() + 61_000);
  const few = await segmentsOf("acme", [office]);
  expect(few.vocabulary).toBe(all.vocabulary);

  // A night in which nobody searched wears nothing out; what is not searched again after it does.
  vi.setSystemTime(Date.now() + 3_700_000);
  expect((await segmentsOf("acme", [office])).vocabulary).toBe(all.vocabulary);
  vi.setSystemTime(Date.now() + 61_000);
  const later = await segmentsOf("acme", [office]);
  expect(later.vocabulary).not.toBe(all.vocabulary);
  expect(segmentMemory()).toMatchObject({ segments: 1, vocabularies: 1 });
  expect(segmentMemory().terms).toBeLessThan(100);
  expect(segmentsFilled()).toBeLessThan(0.01);
  const { vocabulary, segments } = await segmentsOf("acme", [office, ...lists.slice(0, 1)]);
  expect(vocabulary).toBe(later.vocabulary);
  expect(rank(combine(vocabulary, segments), "create issue", 1).hits).toMatchObject([{ segment: 0, doc: 0 }]);
});

test("a list that changes again and again leaves no segments, and no words without end", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const own = { ...office, key: "own office" };
  for (let version = 0; version < 9; version += 1) {
    await segmentsOf("globex", [own, { ...babel(`v${version}`), key: "changing" }]);
    vi.setSystemTime(Date.now() + 61_000);
  }
  expect(segmentMemory().terms).toBeLessThan(150_000);
  // Those of the test before, and the two of now.
  expect(segmentMemory().segments).toBe(4);
});
