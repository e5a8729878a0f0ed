// Sealed secrets: bound to their row, readable with every known key, worthless when anything was changed.
import { randomBytes } from "node:crypto";

import { describe, expect, test } from "vitest";

import { createSealer, hashSecret, randomSecret, sameHash } from "#server/seal.ts";

const key = (kid: string, fill: number) => ({ kid, key: Buffer.alloc(32, fill) });
const sealer = createSealer([key("a", 1)]);

describe("a sealed secret", () => {
  test.each(["", "sk-live-123", "ключ 🔑", "x".repeat(100_000)])("opens to what was sealed", (secret) => {
    expect(sealer.open(sealer.seal(secret, "credential:1"), "credential:1")).toBe(secret);
  });

  test("shows nothing of the secret, and is different each time", () => {
    const [one, two] = [sealer.seal("sk-live-123", "credential:1"), sealer.seal("sk-live-123", "credential:1")];
    expect(one).not.toBe(two);
    expect(one).not.toContain(Buffer.from("sk-live-123").toString("base64url"));
  });

  test("does not open for another row", () => {
    const sealed = sealer.seal("sk-live-123", "credential:1");
    expect(() => sealer.open(sealed, "credential:2")).toThrow();
  });

  test("does not open when any part was changed", () => {
    const parts = sealer.seal("sk-live-123", "credential:1").split(".");
    for (const index of parts.keys()) {
      const changed = parts.map((part, at) => (at === index ? (part.startsWith("A") ? "B" : "A") + part.slice(1) : part)).join(".");
      expect(() => sealer.open(changed, "credential:1"), `part ${index}`).toThrow();
    }
    expect(() => sealer.open(parts.toSpliced(3, 1, (parts[3] ?? "").slice(0, 6)).join("."), "credential:1")).toThrow("damaged");
    expect(() => sealer.open("", "credential:1")).toThrow();
  });

  test("opens with an older key, which it says is stale, and not with a foreign one", () => {
    const rotated = createSealer([key("b", 2), key("a", 1)]);
    const old = sealer.seal("sk-live-123", "credential:1");
    expect(rotated.open(old, "credential:1")).toBe("sk-live-123");
    expect(rotated.isStale(old)).toBe(true);
    expect(rotated.canOpen(old)).toBe(true);
    expect(rotated.isStale(rotated.seal("x", "credential:1"))).toBe(false);
    expect(createSealer([key("c", 3)]).canOpen(old)).toBe(false);
    expect(() => createSealer([key("c", 3)]).open(old, "credential:1")).toThrow(/"a".*not in SECRET_KEYS/);
    expect(() => createSealer([key("a", 3)]).open(old, "credential:1")).toThrow();
  });

  test("needs a key", () => {
    expect(() => createSealer([])).toThrow();
  });
});

describe("sealed bytes", () => {
  test.each([0, 1, 24_575, 24_576, 24_577, 100_000])("of this number open to what was sealed: %i", async (length) => {
    const bytes = randomBytes(length);
    expect(sealer.openBytes(await sealer.sealBytes(bytes, "result:1"), "result:1")).toEqual(bytes);
  });

  test("have the form of a sealed text", async () => {
    const text = "ключ 🔑".repeat(10_000);
    expect(sealer.open(await sealer.sealBytes(Buffer.from(text), "result:1"), "result:1")).toBe(text);
  });

  test("do not open for another row, nor when one was changed", async () => {
    const sealed = await sealer.sealBytes(randomBytes(100_000), "result:1");
    expect(() => sealer.openBytes(sealed, "result:2")).toThrow();
    const at = sealed.length - 50_000;
    expect(() => sealer.openBytes(`${sealed.slice(0, at)}${sealed[at] === "A" ? "B" : "A"}${sealed.slice(at + 1)}`, "result:1")).toThrow();
  });
});

test("hashes compare equal only when they are", () => {
  expect(sameHash(hashSecret("a"), hashSecret("a"))).toBe(true);
  expect(sameHash(hashSecret("a"), hashSecret("b"))).toBe(false);
  expect(sameHash(hashSecret("a"), "short")).toBe(false);
});

test("random secrets are long and differ", () => {
  expect(randomSecret()).toMatch(/^[\w-]{43}$/);
  expect(randomSecret()).not.toBe(randomSecret());
});
