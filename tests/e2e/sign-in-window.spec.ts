// The sign-in window that does not end well: closed half-way, refused at the provider; each is told apart, nothing is kept, and the next try works.
import { expect, test } from "@playwright/test";

import { startOAuthUpstream } from "../fakes/oauth-upstream.ts";
import { startProduct } from "../setup/product.ts";

test("closed, refused, then connected", async ({ page }) => {
  const ledger = await startOAuthUpstream({ consent: "page" });
  const product = await startProduct();
  try {
    const access = { organization: true, membershipIds: [], teamIds: [] };
    const { id } = await product.api<{ id: string }>("connection.create", {
      name: "Ledger",
      url: ledger.url,
      authType: "oauth",
      credentialMode: "shared",
      access,
    });
    await page.goto(`${product.origin}/login?next=${encodeURIComponent(`/admin/connections/${id}`)}`);
    await page.getByLabel("E-mail").fill("owner@example.com");
    await page.getByLabel("Password").fill("correct horse battery");
    await page.getByRole("button", { name: "Sign in" }).click();
    const connect = page.getByRole("button", { name: "Connect", exact: true });

    const [closed] = await Promise.all([page.waitForEvent("popup"), connect.click()]);
    await expect(closed.getByRole("button", { name: "Allow" })).toBeVisible();
    await closed.close();
    await expect(page.getByText("closed before it finished")).toBeVisible({ timeout: 20_000 });

    const [refused] = await Promise.all([page.waitForEvent("popup"), connect.click()]);
    await refused.getByRole("button", { name: "Deny" }).click();
    await expect(refused.getByText("Access was not granted").first()).toBeVisible();
    await expect(page.getByText("The sign-in did not work")).toBeVisible();
    await refused.close();
    await expect(page.getByText("list_invoices")).toHaveCount(0);

    const [allowed] = await Promise.all([page.waitForEvent("popup"), connect.click()]);
    await allowed.getByRole("button", { name: "Allow" }).click();
    await expect(page.getByText("list_invoices").first()).toBeVisible();
  } finally {
    await product.stop();
    await ledger.close();
  }
});
