// Providers without registration in a real browser: the guide to an app of one's own, a service account with an extra header, and its reconnect.
import { expect, type Page, test } from "@playwright/test";

import { startOAuthUpstream } from "../fakes/oauth-upstream.ts";
import { startProduct } from "../setup/product.ts";

async function open(page: Page, origin: string, address: string): Promise<void> {
  await page.goto(`${origin}/login?next=${encodeURIComponent(address)}`);
  await page.getByLabel("E-mail").fill("owner@example.com");
  await page.getByLabel("Password").fill("correct horse battery");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("button", { name: "Sign in" })).toBeHidden();
}

test("a provider that registers nobody is looked up, guided through, and connected as a service account", async ({ page }) => {
  const product = await startProduct();
  const robot = {
    client_id: "robot",
    client_secret: "a secret of the robot",
    grant_types: ["client_credentials"],
    redirect_uris: [],
    response_types: [],
    scope: "ledger:read ledger:write",
  };
  const upstream = await startOAuthUpstream({ dcr: false, clients: [robot] });
  try {
    await open(page, product.origin, "/admin/connections/new");
    await page.getByLabel("What do you want to connect?").fill(upstream.url);
    await page.getByRole("button", { name: "Look it up" }).click();
    const guide = page.getByRole("region", { name: "First, an OAuth app of your own" });
    await expect(guide).toContainText(`${product.origin}/oauth/callback`);
    await expect(guide).toContainText(new URL(upstream.issuer).host);
    await expect(guide).toContainText("ledger:read ledger:write");

    await page.getByRole("button", { name: "Add connection" }).click();
    await expect(guide).toContainText("does not register applications by itself");

    await page.getByLabel("Client ID").fill("robot");
    await page.getByLabel("Client secret").fill("a secret of the robot");
    await page.getByText("Advanced settings").click();
    await page.getByLabel("Who signs in").selectOption("client_credentials");
    await page.getByText("Extra headers", { exact: true }).click();
    await page.getByLabel("Headers", { exact: true }).fill("Authorization: Bearer x");
    await page.getByRole("button", { name: "Add connection" }).click();
    await expect(page.getByText("Authorization: Gatehouse or the protocol sets this header itself.")).toBeVisible();
    await page.getByLabel("Headers", { exact: true }).fill("X-Tenant: harbor-pine");
    await page.getByRole("button", { name: "Add connection" }).click();
    await expect(page.getByText(/was added/)).toBeVisible();
    await expect(page.getByText("4 tools").first()).toBeVisible();

    await page.getByRole("button", { name: "Reconnect", exact: true }).click();
    await expect(page.getByText("Connected. 4 tools found.")).toBeVisible();
    await page.getByText("Extra headers", { exact: true }).click();
    await expect(page.getByText("x-tenant")).toBeVisible();
    await expect(page.getByText("harbor-pine")).toHaveCount(0);
  } finally {
    await product.stop();
    await upstream.close();
  }
});

test("a preset that needs an app of one's own says where to make it", async ({ page }) => {
  const product = await startProduct();
  try {
    await open(page, product.origin, "/admin/connections/new?preset=slack");
    const guide = page.getByRole("region", { name: "First, an OAuth app of your own" });
    await expect(guide.getByRole("link", { name: /api\.slack\.com/ })).toHaveAttribute("href", "https://api.slack.com/apps");
    await expect(guide).toContainText("chat:write");
  } finally {
    await product.stop();
  }
});
