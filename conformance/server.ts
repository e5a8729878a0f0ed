// `npm run conformance:server`: the official suite at /mcp/agent of the built product, and at a fixture server on the same stack.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

import { root } from "../scripts/run.mjs";
import { startProduct } from "../tests/setup/product.ts";
import { startBearerProxy } from "./bearer-proxy.ts";
import { judge, type Judgement } from "./suite.ts";
import { publish, tableOf } from "./table.ts";

const results = mkdtempSync(path.join(tmpdir(), "gatehouse-conformance-"));

function requirements(revision: string, url: string, baseline?: string): Promise<Judgement> {
  const expected = baseline === undefined ? [] : ["--expected-failures", baseline];
  return judge(["server", "--url", url, "--requirements", revision, "-o", path.join(results, revision), ...expected]);
}

interface Judged {
  origin: string;
  token: string;
  stop: () => Promise<unknown>;
}

async function theProduct(): Promise<Judged> {
  const product = await startProduct();
  const scopes = ["mcp:read", "mcp:write"];
  const { token } = await product.api<{ token: string }>("agentToken.create", { name: "conformance", scopes, expiresInDays: 1 });
  return { origin: product.origin, token, stop: product.stop };
}

async function theFixtures(): Promise<Judged> {
  const child = spawn(path.join(root, "node_modules/.bin/tsx"), ["conformance/fixture-server.ts"], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      PATH: process.env.PATH,
      NODE_ENV: "production",
      DATABASE_URL: "pglite:memory",
      LOG_LEVEL: "error",
      SECRET_KEYS: `test:${Buffer.alloc(32, 7).toString("base64")}`,
    },
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const { origin, token }: { origin: string; token: string } = JSON.parse(line);
    const stop = async () => {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    };
    return { origin, token, stop };
  }
  throw new Error("The fixture server ended before it said where it is.");
}

const tables: string[] = [];
const judgements: Judgement[] = [];
for (const [title, start, prefix] of [
  ["The product", theProduct, "server"],
  ["The suite's fixtures on the same stack", theFixtures, "fixtures"],
] as const) {
  const { origin, token, stop } = await start();
  const proxy = await startBearerProxy(origin, token);
  try {
    for (const [revision, year] of [
      ["2025-11-25", "2025"],
      ["2026-07-28", "2026"],
    ] as const) {
      const baseline = `conformance/${prefix}-${year}.yml`;
      const judgement = await requirements(revision, `${proxy.origin}/mcp/agent`, baseline);
      judgements.push(judgement);
      tables.push(tableOf(`${title}, ${revision}`, judgement, baseline));
    }
  } finally {
    proxy.close();
    await stop();
  }
}
rmSync(results, { recursive: true, force: true });
publish(
  "conformance-server.md",
  "# Conformance of `/mcp/agent`\n\nWritten by `npm run conformance:server`: the official suite, through a proxy that adds the token.",
  tables,
);
for (const { ok, output } of judgements) if (!ok) process.stderr.write(output);
process.exitCode = judgements.every(({ ok }) => ok) ? 0 : 1;
