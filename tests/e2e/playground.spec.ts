// The playground in a browser: a search as an agent makes it, why a match is there, a tool run by its form, its audit row; the same without scripts.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { type BrowserContext, expect, type Page, test } from "@playwright/test";

import { echoTool, type FakeTool, startUpstream } from "../fakes/mcp-upstream.ts";
import { type Product, startProduct } from "../setup/product.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const hostile = "</script><img src=x onerror=alert(1)>";
const createIssue: FakeTool = {
  name: "create_issue",
  title: "Create issue",
  description: `Creates an issue. ${hostile}`,
  inputSchema: {
    type: "object",
    properties: {
      title: { type: "string", description: "What it is about" },
      team: { enum: ["Support", "Mobile"] },
      priority: { type: "integer" },
      [hostile]: { type: "string", description: hostile },
      parent: { type: "object", properties: { key: { type: "string" } }, required: ["key"] },
    },
    required: ["title", "team"],
  },
  run: (given) => ({
    content: [{ type: "text", text: `Created: ${JSON.stringify(given)}` }],
    structuredContent: { key: "SUP-7", token: "plain-secret" },
  }),
};

async function signIn(page: Page, { origin }: Product): Promise<void> {
  await page.goto(`${origin}/login`);
  await page.getByLabel("E-mail").fill("owner@example.com");
  await page.getByLabel("Password").fill("correct horse battery");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL((url) => !url.pathname.startsWith("/login"));
}

/** What axe finds; evaluated past the page's content security policy. */
async function violations(context: BrowserContext, page: Page): Promise<unknown> {
  const session = await context.newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: axe });
  const expression = "axe.run().then(({ violations }) => JSON.stringify(violations.map(({ id, nodes }) => [id, nodes[0].html])))";
  const { result } = await session.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
  return JSON.parse(String(result.value));
}

test("search, why, run, and the row in the audit trail", async ({ page, context }) => {
  const [product, upstream] = await Promise.all([startProduct(), startUpstream([echoTool, createIssue])]);
  const problems: string[] = [];
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("dialog", (dialog) => problems.push(dialog.message()));
  try {
    await signIn(page, product);
    await page.goto(`${product.origin}/playground`);
    await expect(page.getByText("Nothing is connected for you yet")).toBeVisible();
    const access = { organization: true, membershipIds: [], teamIds: [] };
    await product.api("connection.create", { name: "Linear", url: upstream.url, authType: "none", credentialMode: "shared", access });

    await page.getByRole("link", { name: "Playground" }).click();
    await page.getByLabel("What should be done?").fill("make a ticket linear zebra");
    await page.keyboard.press("Enter");
    const best = page.getByRole("article", { name: /Create issue/ });
    await expect(best).toBeVisible();
    await expect(page.getByText('No tool knows "zebra".')).toBeVisible();

    await best.getByText("Why this one").click();
    await expect(best.getByText(/also means\s*.?create/)).toBeVisible();
    await expect(best.getByText("The connection was named")).toBeVisible();
    await page.getByText("The JSON an agent gets").click();
    await expect(page.getByRole("region", { name: "search_capabilities result" })).toContainText('"schemaDigest": "sha256:');
    expect(await violations(context, page)).toEqual([]);

    await best.getByRole("link", { name: "Run Create issue" }).click();
    await best.getByLabel("priority").fill("high");
    await best.getByRole("button", { name: "Run it" }).click();
    await expect(best.getByText("This is not a number: high")).toBeVisible();
    await expect(best.getByLabel("title (required)")).toHaveAttribute("aria-invalid", "true");
    expect(upstream.received.filter(({ rpcMethod }) => rpcMethod === "tools/call")).toEqual([]);
    expect(await violations(context, page)).toEqual([]);

    await best.getByLabel("title (required)").fill("Printer on fire");
    await best.getByLabel("team (required)").selectOption("Support");
    await best.getByLabel("priority").fill("1");
    await best.getByLabel(hostile).fill("<b>bold</b>");
    await best.getByRole("button", { name: "Run it" }).click();
    await expect(best.getByText("It ran")).toBeVisible();
    await expect(best.getByRole("region", { name: "Text of the result" })).toContainText(
      // Stored schemas keep no order of their properties.
      '"team":"Support","title":"Printer on fire","priority":1',
    );
    await expect(best.getByRole("region", { name: "Structured content" })).toContainText("SUP-7");
    await best.getByText("Raw exchange").click();
    await expect(best.getByRole("region", { name: "Answer" })).toContainText("••••");
    await expect(best.getByRole("region", { name: "Answer" })).not.toContainText("plain-secret");
    expect(await violations(context, page)).toEqual([]);

    await page.setViewportSize({ width: 360, height: 740 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
    await page.setViewportSize({ width: 1280, height: 800 });

    await best.getByRole("link", { name: "See it in the audit trail" }).click();
    await expect(
      page
        .getByRole("cell", { name: /Called a tool/ })
        .or(page.locator("tbody, li").getByText("Called a tool"))
        .first(),
    ).toBeVisible();
    const { events } = await product.api<{ events: { via: string; outcome: string }[] }>(
      "audit.list",
      { action: "capability.executed", limit: 5 },
      "query",
    );
    expect(events).toMatchObject([{ via: "session", outcome: "ok" }]);
    expect(problems.filter((problem) => !/\b422\b/.test(problem))).toEqual([]);
  } finally {
    await product.stop();
    await upstream.close();
  }
});

test("it works before scripts arrive, and refuses pages of other origins", async ({ browser }) => {
  const [product, upstream] = await Promise.all([startProduct(), startUpstream([echoTool])]);
  const context = await browser.newContext({ javaScriptEnabled: false });
  try {
    const access = { organization: true, membershipIds: [], teamIds: [] };
    await product.api("connection.create", { name: "Parrot", url: upstream.url, authType: "none", credentialMode: "shared", access });
    const page = await context.newPage();
    await signIn(page, product);
    await page.goto(`${product.origin}/playground`);
    await page.getByLabel("What should be done?").fill("echo text");
    await page.getByRole("button", { name: "Search", exact: true }).click();
    await page.getByRole("link", { name: "Run Echo" }).click();
    await page.getByRole("link", { name: "Write JSON instead" }).click();
    await page.getByLabel("Arguments as JSON").fill('{ "text": ');
    await page.getByRole("button", { name: "Run it" }).click();
    await expect(page.getByText(/This is not JSON/)).toBeVisible();
    await page.getByLabel("Arguments as JSON").fill('{ "text": "without scripts" }');
    await page.getByRole("button", { name: "Run it" }).click();
    await expect(page.getByRole("region", { name: "Text of the result" })).toHaveText("without scripts");

    const calls = () => upstream.received.filter(({ rpcMethod }) => rpcMethod === "tools/call").length;
    expect(calls()).toBe(1);
    const form = { name: new URL(page.url()).searchParams.get("run") ?? "", as: "json", json: '{"text":"x"}' };
    const foreign = await context.request.post(page.url(), { form, headers: { origin: "https://evil.example" } });
    expect(foreign.status()).toBe(403);
    expect((await context.request.get(page.url())).status()).toBe(200);
    expect(calls()).toBe(1);
  } finally {
    await context.close();
    await product.stop();
    await upstream.close();
  }
});
