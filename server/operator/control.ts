// The way to a product that runs on its embedded database: nobody else can open that, so commands are handed over on a socket file beside the data.
// Who may read the data folder is the operator; nothing listens on the network.
import { once } from "node:events";
import { existsSync, rmSync } from "node:fs";
import { createServer, request } from "node:http";
import path from "node:path";
import { text } from "node:stream/consumers";

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

/** Opens the socket and returns what closes it. Call it once the data folder is locked: what lies there then is left over. */
export async function openControl(databaseUrl: string): Promise<() => Promise<void>> {
  const file = socketPath(databaseUrl);
  if (file === null) return () => Promise.resolve();
  if (Buffer.byteLength(file) > maxPathBytes) {
    log.warn("the path of the data folder is too long for a socket: the operator's commands work while Gatehouse is stopped");
    return () => Promise.resolve();
  }
  rmSync(file, { force: true });
  const server = createServer((req, res) => {
    text(req)
      .then(answerTo)
      .then((result) => res.setHeader("connection", "close").end(JSON.stringify(result)))
      .catch((error: unknown) => res.destroy(error instanceof Error ? error : undefined));
  });
  // Nobody else may connect, not even for the moment before a chmod.
  const before = process.umask(0o177);
  server.listen(file);
  process.umask(before);
  await once(server, "listening");
  return async () => {
    server.close();
    await once(server, "close");
  };
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
    // Left over by a product that was killed: nobody answers there.
    if (error instanceof Error && "code" in error && (error.code === "ECONNREFUSED" || error.code === "ENOENT")) return null;
    throw error;
  }
}
