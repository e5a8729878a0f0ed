// The embedded database behind its thread: what a driver relies on, and what becomes of queries when the thread ends.
import { once } from "node:events";
import { MessageChannel, Worker } from "node:worker_threads";

import { afterAll, describe, expect, inject, test } from "vitest";

import { openThread } from "#server/embedded.ts";
import { temporaryFolder } from "#tests/setup/product.ts";

const folder = await temporaryFolder();
const threads: Worker[] = [];
const keep = (worker: Worker) => void threads.push(worker);
process.on("worker", keep);
const embedded = await openThread(folder.path, undefined);
const { pool } = embedded;

afterAll(async () => {
  process.off("worker", keep);
  await embedded.close();
  await folder.remove();
});

describe.runIf(inject("database").kind === "pglite")("the embedded database", () => {
  test("takes and gives what is larger than any buffer on the way", async () => {
    const text = "ä".repeat(4_000_000);
    const { rows } = await pool.query<{ text: string }>("SELECT $1::text || 'x' AS text", [text]);
    expect(rows[0]?.text === `${text}x`).toBe(true);
  });

  test("a statement that fails leaves the next one as it is", async () => {
    const client = await pool.connect();
    const number = (value: string) => client.query({ name: "number", text: "SELECT $1::int AS n", values: [value] });
    await expect(number("no number")).rejects.toMatchObject({ code: "22P02" });
    expect((await number("7")).rows).toEqual([{ n: 7 }]);
    await client.query("BEGIN");
    await expect(client.query("SELECT nothing FROM nowhere")).rejects.toMatchObject({ code: "42P01" });
    await expect(number("8")).rejects.toMatchObject({ code: "25P02" });
    await client.query("ROLLBACK");
    expect((await number("9")).rows).toEqual([{ n: 9 }]);
    client.release();
  });

  test("a connection that ends in a transaction leaves nothing of it, and the next one is a new one", async () => {
    await pool.query("CREATE TABLE kept (n int)");
    const client = await pool.connect();
    await client.query({ name: "one", text: "SELECT 1" });
    await client.query("BEGIN");
    await client.query("INSERT INTO kept VALUES (1)");
    client.release(true);
    expect((await pool.query("SELECT * FROM kept")).rows).toEqual([]);
    expect((await pool.query({ name: "one", text: "SELECT 2 AS n" })).rows).toEqual([{ n: 2 }]);
  });

  test("its thread ends: what was asked fails at once, what was written is there, and the next query starts it anew", async () => {
    await pool.query("INSERT INTO kept VALUES (2)");
    const asked = pool.query("SELECT count(*) FROM generate_series(1, 100000000)").catch((error: unknown) => error);
    await threads.at(-1)?.terminate();
    expect(await asked).toMatchObject({ message: "Connection terminated unexpectedly" });
    expect((await pool.query("SELECT n FROM kept")).rows).toEqual([{ n: 2 }]);
    expect(threads).toHaveLength(2);
  });

  test("keeps nothing of what it answered", { timeout: 60_000 }, async () => {
    const thread = new URL("../../server/embedded-thread.mjs", import.meta.url);
    // Forty answers of ten thousand rows are 120 MB as objects.
    const worker = new Worker(thread, { workerData: {}, resourceLimits: { maxOldGenerationSizeMb: 64 } });
    const failed = once(worker, "error").then(([error]) => Promise.reject(error));
    await Promise.race([once(worker, "message"), failed]);
    const { port1, port2 } = new MessageChannel();
    worker.postMessage(port2, [port2]);
    const text = Buffer.from("SELECT n, repeat('x', 100) FROM generate_series(1, 10000) AS n\0");
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length + 4);
    for (let round = 0; round < 40; round += 1) {
      port1.postMessage(new Uint8Array(Buffer.concat([Buffer.from("Q"), length, text])));
      const [said] = await Promise.race([once(port1, "message"), failed]);
      expect(Buffer.from(said).toString("latin1")).toContain("SELECT 10000");
    }
    port1.close();
    await worker.terminate();
  });

  test("a folder that is none is named by its reason", async () => {
    await expect(openThread("/dev/null/db", undefined)).rejects.toThrow(/ENOTDIR|not a directory/i);
  });
});
