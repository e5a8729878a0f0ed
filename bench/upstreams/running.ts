// One third-party server as a process of its own: started, waited for, and ended with everything it started.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

import { installJudges } from "../../scripts/judges.mjs";
import type { Place, RealServer } from "./servers.ts";

const root = path.resolve(import.meta.dirname, "../..");
const startMs = 60_000;
const stopMs = 3_000;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}

async function placeFor({ packages }: RealServer): Promise<Place> {
  const installed = packages.length > 0 ? await installJudges(packages) : root;
  const folder = await mkdtemp(path.join(tmpdir(), "gatehouse-upstream-"));
  await writeFile(path.join(folder, "note.txt"), "the note's text\n");
  return {
    port: await freePort(),
    otherPort: await freePort(),
    folder,
    bin: (name) => path.join(installed, "node_modules/.bin", name),
    file: (name) => path.join(installed, "node_modules", name),
  };
}

async function answers(port: number): Promise<boolean> {
  // Some listen on one of the two loopback addresses alone.
  return fetch(`http://localhost:${port}/`, { signal: AbortSignal.timeout(1_000) }).then(
    async ({ body }) => {
      await body?.cancel();
      return true;
    },
    (error: unknown) => error instanceof DOMException && error.name === "TimeoutError",
  );
}

/** Ends the process group: bridges start their server as a process of its own. */
async function end(child: ChildProcess): Promise<void> {
  const signal = (name: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name);
    } catch {
      // Nobody of the group is left.
    }
  };
  const ended = child.exitCode === null && child.signalCode === null ? once(child, "exit") : Promise.resolve();
  signal("SIGTERM");
  const timer = setTimeout(signal, stopMs, "SIGKILL");
  await ended;
  clearTimeout(timer);
  signal("SIGKILL");
}

/** Starts it and waits until its port answers HTTP at all. Throws with its last words when it does not. */
export async function startServer(server: RealServer): Promise<{ place: Place; url: string; stop: () => Promise<void> }> {
  const place = await placeFor(server);
  const { args, env } = server.program(place);
  const child = spawn(process.execPath, args, {
    cwd: place.folder,
    // Standard input stays open: some servers end with it.
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
    env: { ...process.env, HOME: place.folder, ...env },
  });
  let words = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (words = `${words}${text}`.slice(-1_000)));
  const stop = async () => {
    await end(child);
    await rm(place.folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + startMs;
  while (!(await answers(place.port))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`${child.exitCode === null ? "it did not listen in time" : `it ended with ${child.exitCode}`}: ${words}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return { place, url: `http://localhost:${place.port}${server.path}`, stop };
}
