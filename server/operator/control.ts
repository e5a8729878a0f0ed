// The way to a product that runs on its embedded database: nobody else can open that, so commands are handed over on a socket file beside the data.
// Who may read the data folder is the operator; nothing listens on the network.
import { once } from "node:events";
import { existsSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import path from "node:path";
import { text } from "node:stream/consumers";
import { finished } from "node:stream/promises";

import { z } from "zod";

import { log } from "#server/log.ts";

import { type CommandResult, runCommand } from "./commands.ts";

/** The kernel's limit for a socket's address, with its closing NUL, is 108 bytes. */
const maxPathBytes = 107;

/** The socket of the embedded database in `DATABASE_URL`, by the shorter of its two names; null for a server's. */
function socketPath(databaseUrl: string): string | null {
  const folder = databaseUrl.startsWith("pglite:") ? databaseUrl.slice("pglite:".length) : "memory";
  if (folder === "memory") return null;
  const absolute = path.resolve(folder, "gatehouse.sock");
  const relative = path.relative(process.cwd(), absolute);
  return relative.length < absolute.length ? relative : absolute;
}

const order = z.object({ argv: z.array(z.string()) });
const answer = z.object({ code: z.number(), stdout: z.string(), stderr: z.string() });

async function answerTo(body: string): Promise<CommandResult> {
  try {
    return await runCommand(order.parse(JSON.parse(body)).argv);
  } catch (error) {
    log.error({ err: error }, "an operator's command failed");
    return { code: 1, stdout: "", stderr: "Something went wrong in Gatehouse. Its log says what.\n" };
  }
}

async function listen(server: Server, file: string): Promise<void> {
  rmSync(file, { force: true });
  // Nobody else may connect, not even for the moment before a chmod.
  const before = process.umask(0o177);
  try {
    server.listen(file);
  } finally {
    process.umask(before);
  }
  await once(server, "listening");
}

/**
 * Opens the socket and returns what closes it, which waits for running commands and for nothing else. Call it once the data folder is locked:
 * what lies there then is left over. The product also runs without: not every file system knows sockets.
 */
export async function openControl(databaseUrl: string): Promise<() => Promise<void>> {
  const nothing = () => Promise.resolve();
  const file = socketPath(databaseUrl);
  if (file === null) return nothing;
  const running = new Set<Promise<void>>();
  const server = createServer((req, res) => {
    serve(req, res).catch((error: unknown) => res.destroy(error instanceof Error ? error : undefined));
  });
  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = await text(req);
    const work = answerTo(body).then(async (result) => {
      res.setHeader("connection", "close").end(JSON.stringify(result));
      await finished(res).catch(() => undefined);
    });
    running.add(work);
    await work.finally(() => running.delete(work));
  }
  try {
    if (Buffer.byteLength(file) > maxPathBytes) throw new Error("the path of the data folder is too long for a socket");
    await listen(server, file);
  } catch (error) {
    log.warn({ err: error }, "no socket beside the data: the operator's commands work while Gatehouse is stopped");
    return nothing;
  }
  return async () => {
    const closed = once(server, "close");
    server.close();
    await Promise.all(running);
    // Whoever is connected now has not said anything.
    server.closeAllConnections();
    await closed;
  };
}

const ended = "Gatehouse ended before it answered. Look whether the command was done before you repeat it.\n";

/** What to make of a socket on which the command did not get through; null when nobody listens there any more. */
function withoutAnswer(error: unknown): CommandResult | null {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  // Left over by a product that was killed.
  if (code === "ECONNREFUSED" || code === "ENOENT") return null;
  if (code === "EACCES" || code === "EPERM")
    return { code: 2, stdout: "", stderr: "Gatehouse runs here as another user. Run this as the same one.\n" };
  if (code === "ECONNRESET" || code === "EPIPE") return { code: 1, stdout: "", stderr: ended };
  throw error;
}

/** Hands a command over to the product that runs on this database; null when none does. */
export async function sendCommand(databaseUrl: string, argv: readonly string[]): Promise<CommandResult | null> {
  const file = socketPath(databaseUrl);
  if (file === null || !existsSync(file)) return null;
  const req = request({ socketPath: file, method: "POST", path: "/" });
  try {
    const responding = once(req, "response");
    req.end(JSON.stringify({ argv }));
    const [response] = await responding;
    return answer.parse(JSON.parse(await text(response)));
  } catch (error) {
    return withoutAnswer(error);
  }
}
