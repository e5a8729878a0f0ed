// Runs the built product as its operator does: a process of its own, settings in its environment, stopped by its id.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";

import { productFlags } from "../../scripts/run.mjs";

const projectRoot = path.resolve(import.meta.dirname, "../..");

export const bootstrapToken = "bootstrap-token-for-tests-0123456789abcdef";

export interface Product {
  origin: string;
  /** The first owner's one-time link, when the database was empty and nothing was bootstrapped. */
  setupUrl: string | null;
  /** Everything it wrote so far. */
  output: () => string;
  pid: number;
  /** Stops it as an operator does (SIGTERM) and returns the exit code. */
  stop: () => Promise<number | null>;
  /** Ends it without any chance to tidy up. */
  kill: () => Promise<void>;
  /** One call of the machine interface, with the bootstrap token. */
  api: <Result>(procedure: string, input?: unknown, kind?: "query" | "mutation") => Promise<Result>;
}

/** A folder for one test's data, and how to remove it. */
export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), "gatehouse-"));
  return { path: folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode;
}

/** Starts the built product on a free port of 127.0.0.1 and waits until it says where it runs. Throws with its output when it ends instead. */
export async function startProduct(settings: Record<string, string> = {}, { bootstrap = true, cwd = projectRoot } = {}): Promise<Product> {
  const child = spawn(process.execPath, [...productFlags, path.join(projectRoot, "build/main.js")], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env.PATH,
      NODE_ENV: "production",
      PORT: "0",
      DATABASE_URL: "pglite:memory",
      ALLOW_PRIVATE_UPSTREAMS: "1",
      SECRET_KEYS: `test:${Buffer.alloc(32, 7).toString("base64")}`,
      LOG_FORMAT: "json",
      ...(bootstrap
        ? {
            BOOTSTRAP_ORG: "Acme",
            BOOTSTRAP_EMAIL: "owner@example.com",
            BOOTSTRAP_PASSWORD: "correct horse battery",
            BOOTSTRAP_TOKEN: bootstrapToken,
          }
        : {}),
      ...settings,
    },
  });
  const lines: string[] = [];
  let setupUrl: string | null = null;
  const origin = await new Promise<string>((resolve, reject) => {
    let found: string | undefined;
    const read = (line: string) => {
      lines.push(line);
      found ??= /Gatehouse is running at (\S+)/.exec(line)?.[1];
      setupUrl ??= /(http\S+\/setup\/\S+)/.exec(line)?.[1] ?? null;
      if (found && (setupUrl ?? bootstrap)) resolve(found);
    };
    createInterface({ input: child.stdout }).on("line", read);
    createInterface({ input: child.stderr }).on("line", read);
    child.once("exit", (code) => reject(new Error(`The product ended with ${code}:\n${lines.join("\n")}`)));
  });

  return {
    origin,
    setupUrl,
    output: () => lines.join("\n"),
    pid: child.pid ?? 0,
    stop: () => {
      child.kill("SIGTERM");
      return ended(child);
    },
    kill: async () => {
      child.kill("SIGKILL");
      await ended(child);
    },
    api: (procedure, input, kind = "mutation") => callApi(origin, bootstrapToken, procedure, input, kind),
  };
}

/** One tRPC call over HTTP as another program makes it. Throws with the error's JSON. */
export async function callApi<Result>(
  origin: string,
  token: string,
  procedure: string,
  input: unknown,
  kind: "query" | "mutation",
): Promise<Result> {
  const query = kind === "query" && input !== undefined ? `?input=${encodeURIComponent(JSON.stringify(input))}` : "";
  const response = await fetch(`${origin}/api/trpc/${procedure}${query}`, {
    method: kind === "query" ? "GET" : "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(kind === "mutation" ? { body: JSON.stringify(input ?? {}) } : {}),
  });
  const answer: { result?: { data: Result }; error?: unknown } = await response.json();
  if (!answer.result) throw new Error(`${procedure} answered ${response.status}: ${JSON.stringify(answer.error)}`);
  return answer.result.data;
}
