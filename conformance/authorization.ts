// `npm run conformance:authorization`: the official suite at the built product's authorization server; the person is a browser of ours.
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

import { Browser } from "../tests/setup/browser.ts";
import { startProduct } from "../tests/setup/product.ts";
import { judge } from "./suite.ts";
import { publish, tableOf } from "./table.ts";

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}

async function register(origin: string, callback: string): Promise<string> {
  const response = await fetch(`${origin}/register`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ client_name: "Conformance suite", redirect_uris: [callback] }),
  });
  const { client_id: clientId }: { client_id: string } = await response.json();
  return clientId;
}

const revision = "2026-07-28";
const results = mkdtempSync(path.join(tmpdir(), "gatehouse-conformance-"));
const product = await startProduct();
try {
  const { origin } = product;
  const port = await freePort();
  const callback = `http://127.0.0.1:${port}/callback`;
  const person = new Browser(origin);
  await person.signIn();
  const target = [
    "--url",
    origin,
    "--client-id",
    await register(origin, callback),
    "-p",
    String(port),
    "--resource",
    `${origin}/mcp/agent`,
  ];
  const visited = new Set<string>();
  const visit = (text: string) => {
    for (const [url] of text.matchAll(/http\S+\/authorize\?\S+/g)) {
      if (visited.has(url)) continue;
      visited.add(url);
      person
        .consent(url, "allow", callback)
        .then((back) => fetch(back))
        .catch((error: unknown) => process.stderr.write(`The suite's sign-in went wrong: ${String(error)}\n`));
    }
  };
  const judgement = await judge(["authorization", ...target, "--spec-version", revision, "-o", results], visit);
  publish(
    "conformance-authorization.md",
    "# Conformance of the authorization server\n\nWritten by `npm run conformance:authorization`: the official suite; a browser signs in and allows.",
    [tableOf(`The product, ${revision}`, judgement)],
  );
  if (!judgement.ok) process.stderr.write(judgement.output);
  process.exitCode = judgement.ok ? 0 : 1;
} finally {
  await product.stop();
  rmSync(results, { recursive: true, force: true });
}
