import { describe, expect, test } from "vitest";

import { parseInTurns } from "#server/upstream/parse-in-turns.ts";

const parsed = (text: string, goOn = () => {}) => parseInTurns(text, goOn);
const long = (unit: string) => unit.repeat(Math.ceil(200_000 / unit.length));

describe("a long JSON text is read as JSON.parse reads it", () => {
  const units = [
    "plain text. ",
    'said "so"',
    "back\\slash",
    "\\",
    '\\"',
    "line\nbreak\ttab\b\f\r",
    "\u0001\u001f",
    "Größe 一覧表",
    "😀",
    "\ud83d",
    "\u2028\u007f",
    JSON.stringify({ in: { json: 'of "json"' } }),
  ];
  test.each(units)("strings of %j", async (unit) => {
    // At every place among those where it could be cut.
    for (let shift = 0; shift < 13; shift += 1) {
      const value = { id: 7, result: { content: [{ type: "text", text: `${"-".repeat(shift)}${long(unit)}` }] } };
      expect(await parsed(JSON.stringify(value))).toEqual(value);
    }
  });

  test("every character by its number, and the slash escaped", async () => {
    for (let shift = 0; shift < 7; shift += 1) {
      const text = `{"a":"${"-".repeat(shift)}${long("\\u0061\\/\\ud83d\\ude00")}"}`;
      expect(await parsed(text)).toEqual(JSON.parse(text));
    }
  });

  test("several, some of them equal, in lists, in members of odd names, and as the whole", async () => {
    const text = long("text ");
    for (const value of [text, [text, [text], "short"], { __proto__: null, a: text, b: { constructor: text }, "": text }])
      expect(await parsed(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
    const proto = await parsed(`{"__proto__":"${text}","a":{"__proto__":{"b":"${text}"}}}`);
    expect(JSON.stringify(proto)).toBe(`{"__proto__":"${text}","a":{"__proto__":{"b":"${text}"}}}`);
  });

  test("a long name stays one, and of two members of one name the last counts", async () => {
    const name = long("name");
    for (const text of [`{"${name}":1}`, `{"${name}" \n\t: "${name}"}`, `{"a":"${name}","a":"${name}!"}`, `{"a":"${name}","a":1}`])
      expect(await parsed(text)).toEqual(JSON.parse(text));
  });

  test("what is long for something else than its strings", async () => {
    const value = { text: long("text "), rows: Array.from({ length: 40_000 }, (_, id) => ({ id, name: `row ${id}` })) };
    expect(await parsed(JSON.stringify(value))).toEqual(value);
    expect(await parsed(JSON.stringify(value.rows))).toEqual(value.rows);
  });

  test("small things without number beside a long text, or before it", async () => {
    for (const text of [`["${long("text ")}",${"[],".repeat(80_000)}0]`, `[${'{"a":"b"},'.repeat(3_000)}"${long("text ")}"]`])
      expect(await parsed(text)).toEqual(JSON.parse(text));
  });

  test("blanks without number behind a long text", async () => {
    for (const text of [`["${long("text ")}"${" ".repeat(1_000_000)}]`, `{"${long("text ")}"${"\n".repeat(1_000_000)}:1}`])
      expect(await parsed(text)).toEqual(JSON.parse(text));
  });

  test("nested deeply", async () => {
    const text = `${"[".repeat(15_000)}"${long("text ")}"${"]".repeat(15_000)}`;
    let value: unknown = await parsed(text);
    while (Array.isArray(value)) value = value[0];
    expect(value).toBe(long("text "));
  });
});

test.each([
  `"${long("text")}`,
  `${long("text")}"`,
  `{"a":"${long("text")}"`,
  `{"a":"${long("text")}"}}`,
  `{"a":"${long("raw\nbreak")}"}`,
  `{"a":"${long("text")}\\"}`,
  `{"a":"${long("\\x")}"}`,
  `{"a":"${long("text")}\\u00"}`,
  `{"a":"${long("\\u00g0")}"}`,
  ...[1, 2, 3, 4, 5, 6].map((before) => `{"a":"${"-".repeat(65_536 - before)}\\u00-${long("text")}"}`),
  `{"a":"${"-".repeat(65_535)}\\x${long("text")}"}`,
  `{a:"${long("text")}"}`,
  `{"a":"${long("text")}" "${long("text")}"}`,
  `\\"${long("text")}"`,
  `<html>"${long("text")}"</html>`,
  "",
])("what is no JSON is refused (%#)", async (text) => {
  expect(() => void JSON.parse(text)).toThrow(SyntaxError);
  await expect(parsed(text)).rejects.toThrow(SyntaxError);
});

test("who does not wait for it any more is heard after each turn", async () => {
  const gone = new Error("gone");
  let turns = 0;
  const goOn = () => {
    turns += 1;
    if (turns === 5) throw gone;
  };
  await expect(parsed(JSON.stringify({ text: "text ".repeat(800_000) }), goOn)).rejects.toBe(gone);
  expect(turns).toBe(5);
});

test("others are heard while a long text is read", async () => {
  let heard = 0;
  let listening = setImmediate(function listen() {
    heard += 1;
    listening = setImmediate(listen);
  });
  try {
    await parsed(JSON.stringify({ text: "text ".repeat(800_000) }));
  } finally {
    clearImmediate(listening);
  }
  // One turn for each 64 KB of it.
  expect(heard).toBeGreaterThan(50);
});
