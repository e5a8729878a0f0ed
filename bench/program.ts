// A small server of the benchmark as a process of its own, and what Linux says of any process: its memory and the time it computed.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";

import { build } from "esbuild";

export const root = path.resolve(import.meta.dirname, "..");
/** Ticks of a second in /proc/<pid>/stat: USER_HZ, which is 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

export interface Program {
  pid: number;
  origin: string;
  stop: () => Promise<void>;
}

/**
 * Starts bench/<name>.ts, which prints its port once it listens. It is compiled before: a loader for TypeScript in the process would count as its
 * memory. Throws when it ends instead.
 */
export async function startProgram(name: string, ...args: string[]): Promise<Program> {
  const outfile = path.join(root, "node_modules/.cache/bench", `${name}.mjs`);
  const entryPoints = [path.join(root, "bench", `${name}.ts`)];
  await build({ entryPoints, outfile, bundle: true, platform: "node", format: "esm", packages: "external", logLevel: "error" });
  // The SDK's client leaves a listener on its one signal with each call, and Node warns of each.
  const env = { NODE_ENV: "production" as const, NODE_NO_WARNINGS: "1" };
  const child = spawn(process.execPath, [outfile, ...args], { stdio: ["ignore", "pipe", "inherit"], env });
  const ended = once(child, "exit");
  const line = once(createInterface({ input: child.stdout }), "line");
  const [port] = await Promise.race([line, ended.then(() => Promise.reject(new Error(`bench/${name}.ts ended.`)))]);
  const stop = async () => {
    child.kill();
    await ended;
  };
  return { pid: child.pid ?? 0, origin: `http://127.0.0.1:${String(port)}`, stop };
}

/** Resident memory of a process in MB. */
export function residentMb(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "0";
  return Number(kilobytes) / 1024;
}

/** Seconds of CPU that a process has used, its own and the kernel's for it. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name of the program stands in brackets and may hold anything; utime and stime are the 14th and 15th field.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
