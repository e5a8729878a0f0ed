// `npm run conformance:server`: the official suite at /mcp/agent of the built product, and at a fixture server on the same stack.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { startProduct } from "../tests/setup/product.ts";
import { startBearerProxy } from "./bearer-proxy.ts";
import { judge, type Judgement } from "./suite.ts";
import { publish, tableOf } from "./table.ts";

const results = mkdtempSync(path.join(tmpdir(), "gatehouse-conformance-"));

function requirements(revision: string, url: string, baseline?: string): Promise<Judgement> {
  const expected = baseline === undefined ? [] : ["--expected-failures", baseline];
  return judge(["server", "--url", url, "--requirements", revision, "-o", path.join(results, revision), ...expected]);
}

const product = await startProduct();
const { token } = await product.api<{ token: string }>("agentToken.create", {
  name: "conformance",
  scopes: ["mcp:read", "mcp:write"],
  expiresInDays: 1,
});
const proxy = await startBearerProxy(product.origin, token);
const tables: string[] = [];
const judgements: Judgement[] = [];
try {
  for (const [revision, year] of [
    ["2025-11-25", "2025"],
    ["2026-07-28", "2026"],
  ] as const) {
    const baseline = `conformance/server-${year}.yml`;
    const judgement = await requirements(revision, `${proxy.origin}/mcp/agent`, baseline);
    judgements.push(judgement);
    tables.push(tableOf(`The product, ${revision}`, judgement, baseline));
  }
} finally {
  proxy.close();
  await product.stop();
  rmSync(results, { recursive: true, force: true });
}
publish(
  "conformance-server.md",
  "# Conformance of `/mcp/agent`\n\nWritten by `npm run conformance:server`: the official suite, through a proxy that adds the token.",
  tables,
);
for (const { ok, output } of judgements) if (!ok) process.stderr.write(output);
process.exitCode = judgements.every(({ ok }) => ok) ? 0 : 1;
