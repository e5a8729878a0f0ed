// The page where a person types the code that an agent on another machine shows, in a real browser.
import { expect, type Page, test } from "@playwright/test";

import { type Product, startProduct } from "../setup/product.ts";

const grantType = "urn:ietf:params:oauth:grant-type:device_code";

async function shoot(page: Page, name: string): Promise<void> {
  if (!process.env.SHOTS) return;
  for (const [look, colorScheme, width] of [
    ["light", "light", 1280],
    ["dark", "dark", 1280],
    ["dark-360", "dark", 360],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    await page.screenshot({ path: `${process.env.SHOTS}/device-${name}-${look}.png`, fullPage: true });
  }
}

async function post(url: string, body: URLSearchParams | string, type?: string): Promise<Record<string, string>> {
  const response = await fetch(url, { method: "POST", body, ...(type ? { headers: { "content-type": type } } : {}) });
  return response.json();
}

async function showCode({ origin }: Product, clientName: string) {
  const metadata = JSON.stringify({ client_name: clientName, redirect_uris: [], grant_types: [grantType] });
  const { client_id: clientId = "" } = await post(`${origin}/register`, metadata, "application/json");
  const codes = await post(`${origin}/device_authorization`, new URLSearchParams({ client_id: clientId }));
  const poll = () =>
    post(`${origin}/token`, new URLSearchParams({ grant_type: grantType, client_id: clientId, device_code: codes.device_code ?? "" }));
  return { userCode: codes.user_code ?? "", complete: codes.verification_uri_complete ?? "", poll };
}

test("type the code, see who asks, allow; refuse another; a wrong code is told at its field", async ({ page }) => {
  const product = await startProduct();
  const problems: string[] = [];
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  try {
    const agent = await showCode(product, "mcp-remote");
    await page.goto(agent.complete);
    await page.getByLabel("E-mail").fill("owner@example.com");
    await page.getByLabel("Password").fill("correct horse battery");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByLabel("Code")).toHaveValue(agent.userCode);
    await shoot(page, "entry");
    await page.getByLabel("Code").fill("BBBB-BBBB");
    await page.getByRole("button", { name: "Continue" }).click();
    await expect(page.getByText("This code is not right")).toBeVisible();
    await expect(page.getByLabel("Code")).toHaveAttribute("aria-invalid", "true");
    await shoot(page, "wrong");
    // By keyboard alone.
    await page.getByLabel("Code").fill(agent.userCode.toLowerCase());
    await page.getByLabel("Code").press("Enter");
    await expect(page.getByRole("heading", { name: "Let mcp-remote in?" })).toBeVisible();
    await expect(page.getByText(agent.userCode)).toBeVisible();
    await shoot(page, "asked");
    await page.getByRole("button", { name: "Allow" }).click();
    await expect(page.getByRole("heading", { name: "mcp-remote is in" })).toBeVisible();
    await shoot(page, "allowed");
    expect((await agent.poll()).access_token).toBeTruthy();
    await page.getByRole("link", { name: "See your agents" }).click();
    await expect(page.getByText("from another device")).toBeVisible();

    const other = await showCode(product, "A very long name of an agent that nobody asked for at all");
    await page.goto(other.complete);
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("button", { name: "Refuse" }).click();
    await expect(page.getByRole("heading", { name: "Refused" })).toBeVisible();
    await shoot(page, "denied");
    expect((await other.poll()).error).toBe("access_denied");

    const refused = await page.goto(`${product.origin}/authorize?client_id=nobody&response_type=code`);
    expect(refused?.status()).toBe(400);
    await expect(page.getByRole("heading", { name: "This agent is not known here" })).toBeVisible();
    await shoot(page, "unknown-client");
    expect(problems.filter((problem) => !/favicon|400 \(Bad Request\)|422/.test(problem))).toEqual([]);
  } finally {
    await product.stop();
  }
});
