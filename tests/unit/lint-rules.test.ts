// Each rule of eslint.config.js that holds the architecture together bites, and lets pass what it should.
import path from "node:path";

import { ESLint } from "eslint";
import tseslint from "typescript-eslint";
import { beforeAll, describe, expect, test } from "vitest";

let quick: ESLint;
let typed: ESLint;

beforeAll(() => {
  const cwd = path.resolve(import.meta.dirname, "../..");
  // Without types a file need not exist; the rules that need types are tested on files that do.
  const { rules } = tseslint.configs.disableTypeChecked;
  quick = new ESLint({
    cwd,
    overrideConfig: { files: ["**/*.{ts,tsx}"], rules, languageOptions: { parserOptions: { projectService: false } } },
  });
  typed = new ESLint({ cwd });
});

async function complaints(eslint: ESLint, filePath: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath });
  if (!result) throw new Error(`${filePath} is not linted at all.`);
  return result.messages.map(({ ruleId, message }) => `${ruleId}: ${message}`);
}

const importRule = /^@typescript-eslint\/no-restricted-imports: /;
const value = (from: string) => `import { x } from "${from}"; x();`;
const type = (from: string) => `import type { Y } from "${from}"; export type Z = Y;`;

describe("who may import whom", () => {
  test.each([
    ["app/components/card.tsx", value("#server/errors.ts")],
    ["app/components/card.tsx", value("#app/trpc.ts")],
    ["app/routes/login.tsx", value("#server/auth/sign-in.ts")],
    ["app/routes/login.tsx", value("#prisma/factories.ts")],
    ["app/routes/login.tsx", value("../components/card.tsx")],
    ["server/trpc/routers/x.ts", value("#server/agent/endpoint.ts")],
    ["server/trpc/routers/x.ts", value("#server/db.ts")],
    ["server/trpc/routers/x.ts", value("../init.ts")],
    ["server/agent/x.ts", value("#server/trpc/root.ts")],
    ["server/agent/x.ts", type("#server/trpc/root.ts")],
    ["server/agent/x.ts", value("#server/db.ts")],
    ["server/agent/x.ts", value("#server/oauth/begin.ts")],
    ["server/search/x.ts", value("#server/agent/endpoint.ts")],
    ["server/search/x.ts", value("#server/connections/create.ts")],
    ["server/upstream/x.ts", value("#server/connections/create.ts")],
    ["server/oauth/x.ts", value("#server/upstream/sessions.ts")],
    ["server/outbound/x.ts", value("#server/oauth/begin.ts")],
    ["server/outbound/x.ts", value("#server/telemetry/tracing.ts")],
    ["server/telemetry/x.ts", value("#server/upstream/sessions.ts")],
    ["server/kernel.ts", value("./telemetry/tracing.ts")],
    ["server/grants/x.ts", value("#server/connections/create.ts")],
    ["server/teams/x.ts", value("#server/grants/access.ts")],
    ["server/auth/x.ts", value("#server/orgs/first-owner.ts")],
    ["server/audit/x.ts", value("#server/auth/actor.ts")],
    ["server/audit/x.ts", value("#server/auth/sessions.ts")],
    ["server/grants/x.ts", value("#server/main.ts")],
    ["server/grants/x.ts", value("#app/paths.ts")],
    ["server/kernel.ts", value("./auth/actor.ts")],
    ["server/kernel.ts", value("#server/auth/actor.ts")],
  ])("%s may not: %s", async (file, code) => {
    expect(await complaints(quick, file, code)).toEqual([expect.stringMatching(importRule)]);
  });

  test.each([
    ["app/components/card.tsx", type("#server/connections/view.ts")],
    ["app/components/card.tsx", value("#app/paths.ts")],
    ["app/routes/login.tsx", type("#server/auth/sign-in.ts") + value("#app/components/card.tsx")],
    ["server/trpc/routers/x.ts", value("#server/connections/create.ts") + type("#server/db.ts")],
    ["server/agent/x.ts", value("#server/search/search.ts")],
    ["server/connections/x.ts", value("#server/upstream/sessions.ts")],
    ["server/upstream/x.ts", value("#server/oauth/begin.ts")],
    ["server/oauth/x.ts", value("#server/outbound/fetch.ts")],
    ["server/grants/x.ts", value("#server/teams/list-teams.ts")],
    ["server/audit/x.ts", type("#server/auth/actor.ts") + value("#server/db.ts")],
    ["server/main.ts", value("#server/http/host.ts")],
  ])("%s may: %s", async (file, code) => {
    expect(await complaints(quick, file, code)).toEqual([]);
  });

  test("no file may import itself in a circle", async () => {
    const circle = `import { sealer } from "./secrets.ts"; sealer.seal("a", "b");`;
    expect(await complaints(quick, "server/seal.ts", circle)).toEqual([expect.stringContaining("import-x/no-cycle")]);
  });
});

describe("doors that exist once", () => {
  test.each([
    ["settings", "server/env.ts", "server/log.ts", "console.log(process.env.PORT);"],
    ["the network, by fetch", "server/outbound/fetch.ts", "server/oauth/x.ts", `await fetch("https://example.com");`],
    [
      "the network, by undici",
      "server/outbound/fetch.ts",
      "server/oauth/x.ts",
      `import { request } from "undici"; await request("https://example.com");`,
    ],
    [
      "the network, by node",
      "server/outbound/fetch.ts",
      "server/oauth/x.ts",
      `import https from "node:https"; https.get("https://example.com");`,
    ],
    ["the network, in the browser", "app/trpc.ts", "app/routes/x.tsx", `await fetch("https://example.com");`],
    ["the database", "server/db.ts", "server/orgs/x.ts", `import { Client } from "pg"; new Client();`],
    ["sealing", "server/seal.ts", "server/orgs/x.ts", `import { createCipheriv } from "node:crypto"; createCipheriv("a", "b", "c");`],
  ])("%s: %s may, %s may not", async (_what, door, elsewhere, code) => {
    expect(await complaints(quick, door, code)).toEqual([]);
    expect(await complaints(quick, elsewhere, code)).toHaveLength(1);
  });

  test("a global is no way around", async () => {
    expect(await complaints(quick, "server/oauth/x.ts", `await globalThis.fetch("https://example.com");`)).toHaveLength(1);
    expect(await complaints(quick, "server/oauth/x.ts", `import process from "node:process"; console.log(process.env.PORT);`)).toHaveLength(
      2,
    );
  });
});

describe("habits", () => {
  test.each([
    ["no-restricted-syntax", "tests/unit/x.test.ts", "await new Promise((done) => setTimeout(done, 100));"],
    ["no-restricted-syntax", "tests/integration/x.test.ts", `import { setTimeout } from "node:timers/promises"; await setTimeout(100);`],
    ["no-restricted-syntax", "tests/e2e/x.test.ts", "await page.waitForTimeout(100);"],
    ["no-restricted-syntax", "server/grants/x.ts", `export * from "./access.ts";`],
    ["import-x/no-default-export", "server/grants/x.ts", "export default 1;"],
    ["import-x/no-default-export", "app/components/x.tsx", "export default 1;"],
    ["@typescript-eslint/no-explicit-any", "server/grants/x.ts", "export const x: any = 1;"],
    ["@typescript-eslint/no-non-null-assertion", "server/grants/x.ts", "export const x = [1].at(0)!;"],
    ["@typescript-eslint/consistent-type-assertions", "server/grants/x.ts", "export const x = JSON.parse(`1`) as number;"],
    ["@typescript-eslint/consistent-type-imports", "server/grants/x.ts", `import { X } from "./access.ts"; export const x: X = 1;`],
    ["react-hooks/rules-of-hooks", "app/components/x.tsx", "export function X({ a }) { if (a) useState(); return null; }"],
    ["react-hooks/exhaustive-deps", "app/components/x.tsx", "export function X({ a }) { useEffect(() => a(), []); return null; }"],
    ["jsx-a11y/alt-text", "app/components/x.tsx", "export const X = () => <img src='/x.png' />;"],
  ])("%s", async (rule, file, code) => {
    expect(await complaints(quick, file, code)).toEqual([expect.stringContaining(`${rule}: `)]);
  });

  test.each(["app/routes/x.tsx", "app/root.tsx", "app/entry.server.tsx"])("Remix asks for a default export in %s", async (file) => {
    expect(await complaints(quick, file, "export default function Page() { return null; }")).toEqual([]);
  });

  test.each([
    ["@typescript-eslint/no-floating-promises", "export async function a() {} a();"],
    ["@typescript-eslint/no-misused-promises", "export async function a() {} [1].forEach(async () => { await a(); });"],
    ["@typescript-eslint/await-thenable", "export const a = await 1;"],
    ["@typescript-eslint/switch-exhaustiveness-check", "export function a(x: 'b' | 'c') { switch (x) { case 'b': return 1; } return 2; }"],
  ])(
    "%s",
    async (rule, code) => {
      expect(await complaints(typed, "server/stop.ts", code)).toEqual([expect.stringContaining(`${rule}: `)]);
    },
    60_000,
  );
});
