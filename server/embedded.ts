// The embedded database in a thread of its own, behind the driver that a PostgreSQL server is used with: while it reads and writes, requests go on.
import { once } from "node:events";
import { Duplex } from "node:stream";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";

import { Pool } from "pg";

import { log } from "./log.ts";

export interface Embedded {
  pool: Pool;
  /** Ends the connection and closes the files. */
  close: () => Promise<void>;
}

/** The driver's last word (Terminate); PGlite, whose session outlives its connections, must not hear it. */
const goodbye = 0x58;

/** Bytes of a message beyond which handing it over is cheaper than copying it. */
const longMessage = 65_536;

/** What the driver takes for its socket: whole messages of PostgreSQL's protocol, handed to the thread and back. */
class ThreadSocket extends Duplex {
  private port: MessagePort | null = null;
  private readonly thread: () => Promise<Worker>;

  constructor(thread: () => Promise<Worker>) {
    super();
    this.thread = thread;
  }

  connect(): this {
    this.thread().then(
      (worker) => {
        if (this.destroyed) return;
        const { port1, port2 } = new MessageChannel();
        this.port = port1;
        port1.on("message", (said: Uint8Array) => this.push(Buffer.from(said.buffer)));
        // The thread is gone, and what was asked of it stays without an answer.
        port1.on("close", () => this.destroy());
        worker.postMessage(port2, [port2]);
        this.emit("connect");
      },
      // In the driver's words for a server that is away (server/database-error.ts).
      (cause: unknown) => this.destroy(new Error("Connection terminated", { cause })),
    );
    return this;
  }

  // Of a socket's settings none means anything between two threads.
  setNoDelay = () => this;
  setKeepAlive = () => this;
  ref = () => this;
  unref = () => this;

  override _read(): void {
    // Answers are pushed as they come: one for each message.
  }

  private say(bytes: Buffer): void {
    if (bytes[0] === goodbye) return;
    // A copy of its own: the driver uses its buffers again. A long one is handed over, where it would be copied once more.
    const own = new Uint8Array(bytes);
    this.port?.postMessage(own, own.length > longMessage ? [own.buffer] : []);
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.say(chunk);
    done();
  }

  // One statement is several messages, which the driver writes at once.
  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.say(Buffer.concat(chunks.map(({ chunk }) => chunk)));
    done();
  }

  override _final(done: () => void): void {
    this.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.port?.close();
    done(error);
  }
}

/**
 * Opens the database in `folder`, or in memory without one; `dump` is a data directory to begin with. A thread that ends by itself fails what was asked
 * of it, and is started anew by the next query. Throws what PGlite says when the folder cannot be opened.
 */
export async function openThread(folder: string | undefined, dump: Blob | undefined): Promise<Embedded> {
  let running: Promise<Worker> | null = null;
  let isClosing = false;
  let wasOpen = false;

  async function start(begin: Blob | undefined): Promise<Worker> {
    const worker = new Worker(new URL("./embedded-thread.mjs", import.meta.url), { workerData: { folder, dump: begin } });
    const ended = once(worker, "exit").then(() => {
      throw new Error("PGlite ended while it started.");
    });
    await Promise.race([once(worker, "message"), ended]);
    worker.on("error", (error) => log.error({ err: error }, "the embedded database stopped"));
    worker.once("exit", () => {
      running = null;
      if (!isClosing) log.error("the thread of the embedded database ended; the next query starts it anew");
    });
    return worker;
  }

  function thread(begin?: Blob): Promise<Worker> {
    // What was in memory went with its thread; an empty database is not the same one.
    if (folder === undefined && wasOpen && !running) return Promise.reject(new Error("The database in memory is gone."));
    running ??= start(begin).catch((error: unknown) => {
      running = null;
      throw error;
    });
    return running;
  }

  await thread(dump);
  wasOpen = true;
  // What a PostgreSQL server is reached by (PGSSLMODE, PGOPTIONS) means nothing to this one.
  const own = { user: "postgres", database: "postgres", ssl: false, options: "" };
  // One connection is what PGlite has; it is kept for as long as the product runs.
  const pool = new Pool({ ...own, stream: () => new ThreadSocket(() => thread()), max: 1, idleTimeoutMillis: 0 });
  pool.on("error", (error) => log.warn({ err: error }, "database connection lost"));
  const close = async () => {
    isClosing = true;
    await pool.end();
    const worker = await running;
    if (!worker) return;
    const ended = once(worker, "exit").catch((error: unknown) => log.error({ err: error }, "the embedded database did not close in order"));
    worker.postMessage("close");
    await ended;
  };
  return { pool, close };
}
