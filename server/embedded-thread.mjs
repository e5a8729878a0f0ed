// @ts-check
// The thread of the embedded database: PGlite, spoken to in PostgreSQL's own protocol. Each connection is a port of its own; PGlite has one session,
// so the next one begins when the one before is over. Plain JavaScript, because a thread of a test run has no loader.
import { parentPort, workerData } from "node:worker_threads";

import { PGlite } from "@electric-sql/pglite";

/** @type {{ folder: string | undefined, dump: Blob | undefined }} */
const { folder, dump } = workerData;
const pglite = await PGlite.create({ dataDir: folder, loadDataDir: dump });

/** One thing after the other. A failure here is PGlite's end: it throws, and the thread with it. */
let last = Promise.resolve();
/** @param {() => Promise<void>} work */
function inTurn(work) {
  last = last.then(work);
}

/** Resolves when the connection before is over, and everything that came over it is in turn. */
let free = Promise.resolve();

/** The next connection must find neither an open transaction nor statements of the same names. */
async function beginAnew() {
  await pglite.exec("ROLLBACK");
  await pglite.exec("DISCARD ALL");
}

/** @param {readonly Uint8Array[]} parts */
function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** @param {import("node:worker_threads").MessagePort} port */
async function serve(port) {
  const before = free;
  free = new Promise((resolve) => port.once("close", resolve));
  await before;
  inTurn(beginAnew);
  /** @param {Uint8Array} message */
  const answer = async (message) => {
    /** @type {Uint8Array[]} */
    const parts = [];
    // Not execProtocolRaw: it keeps each message it has ever answered (PGlite 0.5.16), and reads it for nothing. A part is a view of PGlite's own memory.
    await pglite.execProtocolRawStream(message, { onRawData: (part) => void parts.push(part.slice()) });
    const said = joined(parts);
    port.postMessage(said, [said.buffer]);
  };
  port.on("message", (message) => inTurn(() => answer(message)));
}

parentPort?.on("message", (message) => {
  if (message !== "close") return void serve(message);
  inTurn(async () => {
    await pglite.close();
    parentPort?.close();
  });
});
parentPort?.postMessage("open");
