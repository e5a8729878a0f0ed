import { describe, expect, test } from "vitest";

import { parseInTurns } from "#server/upstream/parse-in-turns.ts";

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
      expect(await parseInTurns(JSON.stringify(value))).toEqual(value);
    }
  });

  test("every character by its number, and the slash escaped", async () => {
    for (let shift = 0; shift < 7; shift += 1) {
      const text = `{"a":"${"-".repeat(shift)}${long("\\u0061\\/\\ud83d\\ude00")}"}`;
      expect(await parseInTurns(text)).toEqual(JSON.parse(text));
    }
  });

  test("several, some of them equal, in lists, in members of odd names, and as the whole", async () => {
    const text = long("text ");
    for (const value of [text, [text, [text], "short"], { __proto__: null, a: text, b: { constructor: text }, "": text }])
      expect(await parseInTurns(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
    const proto = await parseInTurns(`{"__proto__":"${text}","a":{"__proto__":{"b":"${text}"}}}`);
    expect(JSON.stringify(proto)).toBe(`{"__proto__":"${text}","a":{"__proto__":{"b":"${text}"}}}`);
  });

  test("a long name stays one, and of two members of one name the last counts", async () => {
    const name = long("name");
    for (const text of [`{"${name}":1}`, `{"${name}" \n\t: "${name}"}`, `{"a":"${name}","a":"${name}!"}`, `{"a":"${name}","a":1}`])
      expect(await parseInTurns(text)).toEqual(JSON.parse(text));
  });

  test("what is long for something else than its strings", async () => {
    const value = { text: long("text "), rows: Array.from({ length: 40_000 }, (_, id) => ({ id, name: `row ${id}` })) };
    expect(await parseInTurns(JSON.stringify(value))).toEqual(value);
    expect(await parseInTurns(JSON.stringify(value.rows))).toEqual(value.rows);
  });

  test("nested deeply", async () => {
    const text = `${"[".repeat(50_000)}"${long("text ")}"${"]".repeat(50_000)}`;
    let value: unknown = await parseInTurns(text);
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
  `{a:"${long("text")}"}`,
  `{"a":"${long("text")}" "${long("text")}"}`,
  `\\"${long("text")}"`,
  `<html>"${long("text")}"</html>`,
  "",
])("what is no JSON is refused (%#)", async (text) => {
  expect(() => void JSON.parse(text)).toThrow(SyntaxError);
  await expect(parseInTurns(text)).rejects.toThrow(SyntaxError);
});

test("others are heard while a long text is read", async () => {
  let heard = 0;
  let listening = setImmediate(function listen() {
    heard += 1;
    listening = setImmediate(listen);
  });
  try {
    await parseInTurns(JSON.stringify({ text: "text ".repeat(800_000) }));
  } finally {
    clearImmediate(listening);
  }
  // One turn for each 64 KB of it.
  expect(heard).toBeGreaterThan(50);
});
