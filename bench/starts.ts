// How long Gatehouse takes to start, its memory at rest, and what checking a token costs.
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";

import type { Product } from "#tests/setup/product.ts";

import { databases, openDatabase, startOn } from "./gatehouse.ts";
import { residentMb, root } from "./program.ts";
import { say } from "./report.ts";

async function readyAfter(url: string): Promise<{ seconds: number; product: Product }> {
  const began = performance.now();
  const product = await startOn(url);
  const response = await fetch(`${product.origin}/readyz`);
  if (!response.ok) throw new Error(`/readyz answered ${response.status}`);
  return { seconds: (performance.now() - began) / 1000, product };
}

/** The cost of checking a token, measured in a process of its own on this database. */
async function tokenCheck(database: string): Promise<Record<string, { cached: number; uncached: number }>> {
  const child = spawn(path.join(root, "node_modules/.bin/tsx"), ["bench/token-check.ts"], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      PATH: process.env.PATH,
      NODE_ENV: "production",
      DATABASE_URL: database,
      LOG_LEVEL: "error",
      SECRET_KEYS: `bench:${Buffer.alloc(32, 7).toString("base64")}`,
    },
  });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  return JSON.parse(String(line));
}

/** Measures and prints. */
export async function measureStarts(): Promise<void> {
  for (const kind of databases) {
    const { url, remove } = await openDatabase(kind);
    try {
      const first = await readyAfter(url);
      await first.product.stop();
      const second = await readyAfter(url);
      const memory = residentMb(second.product.pid).toFixed(0);
      await second.product.stop();
      say(
        `${kind}: ${first.seconds.toFixed(1)} s to /readyz on an empty database, ${second.seconds.toFixed(1)} s afterwards; ${memory} MB resident at rest.`,
      );
      const checks = Object.entries(await tokenCheck(kind === "PGlite" ? "pglite:memory" : url));
      const words = checks.map(([what, { cached, uncached }]) => `${what} ${cached.toFixed(1)} / ${uncached.toFixed(0)}`);
      say(`Check of a token from memory / with its one statement, microseconds: ${words.join(", ")}.\n`);
    } finally {
      await remove();
    }
  }
}
