// Smart add in a real browser: a failed look and its report to copy, a found server that fills the form, and the same without JavaScript.
import { expect, type Page, test } from "@playwright/test";

import { startUpstream } from "../fakes/mcp-upstream.ts";
import { startProduct } from "../setup/product.ts";

async function signIn(page: Page, origin: string): Promise<void> {
  await page.goto(`${origin}/login?next=${encodeURIComponent("/admin/connections/new")}`);
  await page.getByLabel("E-mail").fill("owner@example.com");
  await page.getByLabel("Password").fill("correct horse battery");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("button", { name: "Look it up" })).toBeVisible();
}

async function look(page: Page, text: string): Promise<void> {
  await page.getByLabel("What do you want to connect?").fill(text);
  await page.getByRole("button", { name: "Look it up" }).click();
}

test("from a pasted host to a connection", async ({ page, context, browser }) => {
  const upstream = await startUpstream();
  const product = await startProduct();
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: product.origin });
  try {
    await signIn(page, product.origin);

    await look(page, "http://127.0.0.1:1/mcp?team=hush-hush");
    await expect(page.getByText("The server refused the connection.").first()).toBeVisible();
    await page.getByRole("button", { name: "Copy report" }).click();
    await expect(page.getByRole("button", { name: "Copied" })).toBeVisible();
    const report = await page.evaluate(() => navigator.clipboard.readText());
    expect(report).toContain("Phase: Opening the connection (tcp)");
    expect(report).toContain("Address: http://127.0.0.1:1/mcp");
    expect(report).not.toContain("hush-hush");
    const reference = /Reference: (\S+)/.exec(report)?.[1] ?? "none";
    expect(product.output()).toContain(reference);

    await look(page, upstream.url);
    await expect(page.getByLabel("URL", { exact: true })).toHaveValue(upstream.url);
    await look(page, new URL(upstream.url).host);
    await expect(page.getByRole("heading", { name: "Found fake-upstream" })).toBeVisible();
    await expect(page.getByLabel("URL", { exact: true })).toHaveValue(upstream.url);
    await expect(page.getByRole("radio", { name: /No sign-in/ })).toBeChecked();
    await page.getByLabel("Name", { exact: true }).fill("Echo");
    await page.getByRole("button", { name: "Add connection" }).click();
    await expect(page.getByText("Echo was added")).toBeVisible();

    const plain = await browser.newContext({ javaScriptEnabled: false });
    const old = await plain.newPage();
    await signIn(old, product.origin);
    await look(old, upstream.url);
    await expect(old.getByLabel("URL", { exact: true })).toHaveValue(upstream.url);
    await old.getByLabel("Name", { exact: true }).fill("Echo");
    await old.getByRole("button", { name: "Add connection" }).click();
    await expect(old.getByText("Another connection has this name already").first()).toBeVisible();
    await expect(old.getByLabel("URL", { exact: true })).toHaveValue(upstream.url);
    await old.getByLabel("Name", { exact: true }).fill("Echo again");
    await old.getByRole("radio", { name: /No sign-in/ }).check();
    await old.getByRole("button", { name: "Add connection" }).click();
    await expect(old.getByText("Echo again was added")).toBeVisible();
    await plain.close();
  } finally {
    await product.stop();
    await upstream.close();
  }
});
