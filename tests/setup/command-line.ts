// The operator's command line as a process of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { text } from "node:stream/consumers";

const file = path.resolve(import.meta.dirname, "../../build/gatehouse.js");

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs one command of the built command line with these settings. */
export async function runCommandLine(args: readonly string[], settings: Record<string, string>): Promise<Ran> {
  const child = spawn(process.execPath, [file, ...args], {
    env: { PATH: process.env.PATH, NODE_ENV: "production", ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "exit");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await ended;
  return { code: child.exitCode, stdout, stderr };
}
