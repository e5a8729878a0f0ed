// `npm run bench`: what a call through Gatehouse costs against the same call made directly, in the same run; start-up times; memory at rest.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

import { startPostgres } from "#tests/setup/postgres.ts";
import { type Product, startProduct } from "#tests/setup/product.ts";

import { findPostgres } from "../scripts/programs.mjs";
import { drive, type Load, type Measured, median } from "./drive.ts";

const root = path.resolve(import.meta.dirname, "..");
const rounds = 5;
const levels = [
  { concurrency: 1, count: 600 },
  { concurrency: 10, count: 2_000 },
  { concurrency: 50, count: 4_000 },
];
const lines: string[] = [];
const say = (line = "") => {
  lines.push(line);
  process.stdout.write(`${line}\n`);
};

async function startEcho(): Promise<{ child: ChildProcess; origin: string }> {
  const child = spawn(process.execPath, ["--import", "tsx", path.join(root, "bench/echo-upstream.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
    cwd: root,
  });
  const [port] = await once(createInterface({ input: child.stdout }), "line");
  return { child, origin: `http://127.0.0.1:${String(port)}` };
}

/** Resident memory of a process in MB. */
function residentMb(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "0";
  return Math.round(Number(kilobytes) / 1024);
}

async function readyAfter(settings: Record<string, string>): Promise<{ seconds: number; product: Product }> {
  const began = performance.now();
  const product = await startProduct(settings);
  const response = await fetch(`${product.origin}/readyz`);
  if (!response.ok) throw new Error(`/readyz answered ${response.status}`);
  return { seconds: (performance.now() - began) / 1000, product };
}

/** The cost of checking a token, measured in a process of its own on this database. */
async function measureTokenCheck(database: string): Promise<void> {
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
  const found: Record<string, { cached: number; uncached: number }> = JSON.parse(String(line));
  say("\n| check of a token | from memory, microseconds | with its one statement, microseconds |\n| --- | --- | --- |");
  for (const [kind, { cached, uncached }] of Object.entries(found)) say(`| ${kind} | ${cached.toFixed(1)} | ${uncached.toFixed(0)} |`);
}

async function counted(origin: string): Promise<{ calls: number; requests: number }> {
  return (await fetch(`${origin}/count`)).json();
}

const rpc = (n: number, params: object) => JSON.stringify({ jsonrpc: "2.0", id: n, method: "tools/call", params });
const headers = { "content-type": "application/json", accept: "application/json, text/event-stream", "mcp-protocol-version": "2025-11-25" };

async function measure(name: string, product: Product, echo: string): Promise<void> {
  const { id } = await product.api<{ id: string }>("connection.create", {
    name: `Echo ${name}`,
    url: `${echo}/mcp`,
    authType: "none",
    credentialMode: "shared",
    access: { organization: true, membershipIds: [], teamIds: [] },
  });
  const { token } = await product.api<{ token: string }>("agentToken.create", {
    name: "bench",
    scopes: ["mcp:read", "mcp:write"],
    expiresInDays: 1,
  });
  const direct: Load = {
    origin: echo,
    path: "/mcp",
    headers,
    body: (n) => ({ send: rpc(n, { name: "echo", arguments: { text: `text ${n}` } }), expect: `"text ${n}"` }),
  };
  const gateway: Load = {
    origin: product.origin,
    path: "/mcp/agent",
    headers: { ...headers, authorization: `Bearer ${token}` },
    body: (n) => ({
      send: rpc(n, { name: "execute_capability", arguments: { name: `mcp:${id}:echo`, arguments: { text: `text ${n}` } } }),
      expect: `"text ${n}"`,
    }),
  };
  await drive(gateway, 10, 2_000);
  await drive(direct, 10, 2_000);

  const before = await counted(echo);
  await drive(gateway, 10, 1_000);
  const after = await counted(echo);
  if (after.requests - before.requests !== 1_000)
    throw new Error(`1,000 executes made ${after.requests - before.requests} upstream requests.`);
  say(`\n### ${name}\n\nExactly one upstream request per execute: 1,000 of 1,000.\n`);
  say(
    "| concurrency | direct p50 / p99 ms | through Gatehouse p50 / p99 ms | added p50 ms | direct calls/s | Gatehouse calls/s | ratio |\n| --- | --- | --- | --- | --- | --- | --- |",
  );
  for (const { concurrency, count } of levels) {
    const [plain, through]: Measured[][] = [[], []];
    for (let round = 0; round < rounds; round += 1) {
      plain?.push(await drive(direct, concurrency, count));
      through?.push(await drive(gateway, concurrency, count));
    }
    const [a, b] = [median(plain ?? []), median(through ?? [])];
    const ms = (value: number) => value.toFixed(2);
    say(
      `| ${concurrency} | ${ms(a.p50)} / ${ms(a.p99)} | ${ms(b.p50)} / ${ms(b.p99)} | ${ms(b.p50 - a.p50)} | ${a.perSecond.toFixed(0)} | ${b.perSecond.toFixed(0)} | ${(b.perSecond / a.perSecond).toFixed(3)} |`,
    );
  }
  say(`\nResident memory after the load: ${residentMb(product.pid)} MB.`);
}

const folder = await mkdtemp(path.join(tmpdir(), "gatehouse-bench-"));
const echo = await startEcho();
say(
  "# Benchmark\n\n`npm run bench`: medians of alternating runs in one process tree; driver, Gatehouse and echo upstream share the machine. Read the ratios.",
);
try {
  const settings = { DATABASE_URL: `pglite:${path.join(folder, "db")}`, LOG_LEVEL: "warn" };
  const first = await readyAfter(settings);
  await first.product.stop();
  const second = await readyAfter(settings);
  say(
    `\nStart to /readyz on PGlite: ${first.seconds.toFixed(1)} s on an empty folder, ${second.seconds.toFixed(1)} s afterwards. Resident memory at rest: ${residentMb(second.product.pid)} MB.`,
  );
  await measure("PGlite", second.product, echo.origin);
  await second.product.stop();
  await measureTokenCheck("pglite:memory");

  const server = findPostgres() ? await startPostgres() : null;
  if (server) {
    const { product, seconds } = await readyAfter({ DATABASE_URL: `${server.origin}/postgres`, LOG_LEVEL: "warn" });
    say(`\nStart to /readyz on PostgreSQL: ${seconds.toFixed(1)} s. Resident memory at rest: ${residentMb(product.pid)} MB.`);
    await measure("PostgreSQL", product, echo.origin);
    await product.stop();
    await measureTokenCheck(`${server.origin}/postgres`);
    await server.stop();
  } else {
    say("\nPostgreSQL was not found on this machine, so it was not measured.");
  }
  await mkdir(path.join(root, "docs/reports"), { recursive: true });
  await writeFile(path.join(root, "docs/reports/bench.md"), `${lines.join("\n")}\n`);
} finally {
  echo.child.kill();
  await rm(folder, { recursive: true, force: true });
}
