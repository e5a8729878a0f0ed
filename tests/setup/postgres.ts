// A private PostgreSQL server for one test run: its own folder, its own free port on loopback, gone afterwards.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

import { Client } from "pg";

import { findPostgres } from "../../scripts/programs.mjs";

/** PostgreSQL refuses to run as root, so root starts it as another user. */
function otherUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ["postgres", "nobody"]) {
    try {
      const [uid, gid] = ["-u", "-g"].map((flag) =>
        Number(execFileSync("id", [flag, name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })),
      );
      if (uid !== undefined && gid !== undefined) return { uid, gid };
    } catch {
      // No such user: the next one.
    }
  }
  throw new Error("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as.");
}

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("No port was given.");
  return address.port;
}

async function answers(origin: string, server: ChildProcess): Promise<void> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline;) {
    if (server.exitCode !== null) throw new Error(`postgres ended with code ${server.exitCode}`);
    const client = new Client({ connectionString: `${origin}/postgres` });
    try {
      await client.connect();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    } finally {
      await client.end().catch(() => undefined);
    }
  }
  throw new Error("postgres did not answer within 30 s");
}

export interface PostgresServer {
  origin: string;
  /** Ends it without any chance to tidy up (immediate shutdown); its data stay. */
  crash: () => Promise<void>;
  /** Starts it again on the same port. */
  restart: () => Promise<void>;
  stop: () => Promise<void>;
}

/** Starts the server. Throws when PostgreSQL is not installed. */
export async function startPostgres(): Promise<PostgresServer> {
  const bin = findPostgres();
  if (!bin) throw new Error("PostgreSQL is not installed (looked in /usr/lib/postgresql/*/bin and PATH).");
  const user = otherUser();
  const folder = mkdtempSync(path.join(tmpdir(), "gatehouse-postgres-"));
  if (user) chownSync(folder, user.uid, user.gid);
  const options = { ...user, cwd: folder };
  const data = path.join(folder, "data");
  execFileSync(path.join(bin, "initdb"), ["-D", data, "-U", "gatehouse", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"], {
    ...options,
    stdio: "pipe",
  });
  const port = await freePort();
  const settings = ["listen_addresses=127.0.0.1", `port=${port}`, `unix_socket_directories=${folder}`, "fsync=off", "max_connections=200"];
  const run = () =>
    spawn(path.join(bin, "postgres"), ["-D", data, ...settings.flatMap((setting) => ["-c", setting])], { ...options, stdio: "ignore" });
  let server = run();
  const end = async (signal: "SIGINT" | "SIGQUIT") => {
    if (server.exitCode === null && server.signalCode === null && server.kill(signal)) await once(server, "exit");
  };
  const stop = async () => {
    // SIGINT is PostgreSQL's fast shutdown: it does not wait for clients.
    await end("SIGINT");
    rmSync(folder, { recursive: true, force: true });
  };
  const restart = () => {
    server = run();
    return answers(origin, server);
  };
  const origin = `postgresql://gatehouse@127.0.0.1:${port}`;
  try {
    await answers(origin, server);
  } catch (error) {
    await stop();
    throw error;
  }
  return { origin, crash: () => end("SIGQUIT"), restart, stop };
}
