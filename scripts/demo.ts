// A believable organization to click through: three real local MCP servers, seeded people, the product on top. Everything goes when it stops.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";

import { productFlags } from "./run.mjs";

const root = path.resolve(import.meta.dirname, "..");
const folder = path.join(root, "data/demo");
const port = Number(process.env.PORT ?? 3000);
const origin = `http://127.0.0.1:${port}`;
const password = "harbor-and-pine";
const adminToken = `demo-${randomBytes(24).toString("base64url")}`;
const children: ChildProcess[] = [];
const bin = (name: string) => path.join(root, "node_modules/.bin", name);

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  return typeof address === "object" && address ? address.port : 0;
}

function run(command: string, args: string[], env: Record<string, string> = {}, stdio: "ignore" | "inherit" = "ignore"): ChildProcess {
  const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: ["ignore", stdio, "inherit"] });
  children.push(child);
  return child;
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${url} ended before it answered.`);
    try {
      await fetch(url, { signal: AbortSignal.timeout(1_000) });
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function api(procedure: string, input: unknown): Promise<unknown> {
  const response = await fetch(`${origin}/api/trpc/${procedure}`, {
    method: "POST",
    headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
    body: JSON.stringify(input),
  });
  const answer: { result?: { data: unknown }; error?: { message: string } } = await response.json();
  if (!answer.result) throw new Error(`${procedure}: ${answer.error?.message ?? response.status}`);
  return answer.result.data;
}

async function startUpstreams() {
  const [everything, files, ledger] = [await freePort(), await freePort(), await freePort()];
  const documents = path.join(folder, "documents");
  await mkdir(documents, { recursive: true });
  await writeFile(
    path.join(documents, "returns-policy.md"),
    "# Returns\n\nWithin 30 days, unused, with the receipt. Furniture is picked up free of charge.\n",
  );
  await writeFile(path.join(documents, "opening-hours.md"), "# Opening hours\n\nMonday to Saturday, 9:00 to 18:00.\n");
  const apiKey = randomBytes(16).toString("hex");
  const started = [
    {
      url: `http://127.0.0.1:${everything}/mcp`,
      child: run(bin("mcp-server-everything"), ["streamableHttp"], { PORT: String(everything) }),
    },
    {
      url: `http://127.0.0.1:${files}/mcp`,
      child: run(bin("mcp-proxy"), [
        "--host",
        "127.0.0.1",
        "--port",
        String(files),
        "--apiKey",
        apiKey,
        "--",
        bin("mcp-server-filesystem"),
        documents,
      ]),
    },
    { url: `http://127.0.0.1:${ledger}/mcp`, child: run(bin("tsx"), ["tests/fakes/oauth-upstream.ts", "--port", String(ledger)]) },
  ] as const;
  await Promise.all(started.map(({ url, child }) => answers(url, child)));
  return { everything: started[0].url, files: started[1].url, ledger: started[2].url, apiKey };
}

function stopAll(): void {
  for (const child of children) child.kill("SIGTERM");
}

async function main(): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const settings = {
    NODE_ENV: "production",
    PORT: String(port),
    HOST: "127.0.0.1",
    DATABASE_URL: `pglite:${path.join(folder, "db")}`,
    SECRET_KEYS: `demo:${randomBytes(32).toString("base64")}`,
    ALLOW_PRIVATE_UPSTREAMS: "1",
    LOG_LEVEL: process.env.LOG_LEVEL ?? "warn",
  };
  process.stdout.write("Demo: filling an empty database and starting three MCP servers...\n");
  const seeding = run(bin("tsx"), ["scripts/demo-seed.ts", password, adminToken], settings);
  const [upstreams] = await Promise.all([startUpstreams(), once(seeding, "exit")]);
  if (seeding.exitCode !== 0) throw new Error("The demo database could not be filled.");

  const product = run(process.execPath, [...productFlags, "build/main.js"], settings, "inherit");
  product.once("exit", stopAll);
  await answers(`${origin}/readyz`, product);

  const everyone = { organization: true, membershipIds: [], teamIds: [] };
  await api("connection.create", {
    name: "Everything",
    url: upstreams.everything,
    authType: "none",
    credentialMode: "shared",
    access: everyone,
  });
  const { apiKey } = upstreams;
  await api("connection.create", {
    name: "Shop documents",
    url: upstreams.files,
    authType: "api_key",
    credentialMode: "shared",
    apiKey,
    headerName: "X-API-Key",
    headerPrefix: "",
    access: everyone,
  });
  await api("connection.create", { name: "Ledger", url: upstreams.ledger, authType: "oauth", credentialMode: "shared", access: everyone });
  const created = await api("agentToken.create", { name: "Demo agent", scopes: ["mcp:read", "mcp:write"], expiresInDays: 7 });
  const token = typeof created === "object" && created !== null && "token" in created ? String(created.token) : "";

  process.stdout.write(`
  Sign in at ${origin}/login with the password "${password}" as
    mira@harborpine.example   (owner)
    jonas@harborpine.example  (admin)
    priya@harborpine.example  (member)
    tomas@harborpine.example  (member)

  "Everything" and "Shop documents" are ready; "Ledger" waits for an admin to press Connect.

  An agent, ready to paste:
    claude mcp add --transport http gatehouse ${origin}/mcp/agent --header "Authorization: Bearer ${token}"

  Stop with Ctrl+C.
`);
}

process.on("SIGINT", stopAll);
process.on("SIGTERM", stopAll);
main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  stopAll();
  process.exitCode = 1;
});
