// An agent that knows the URL alone, in a real browser: sign-in, consent, and the way back to a program on this computer.
import { once } from "node:events";
import { createServer } from "node:http";

import { expect, test } from "@playwright/test";

import { startProduct } from "../setup/product.ts";

test("sign in, allow, and the agent gets its code", async ({ page }) => {
  const product = await startProduct();
  const called: URL[] = [];
  const agent = createServer((req, res) => {
    called.push(new URL(req.url ?? "/", "http://127.0.0.1"));
    res.end("You can close this window.");
  });
  agent.listen(0, "127.0.0.1");
  await once(agent, "listening");
  const address = agent.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const problems: string[] = [];
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  try {
    const registered = await fetch(`${product.origin}/register`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ client_name: "Claude Code", redirect_uris: ["http://127.0.0.1/callback"] }),
    });
    const { client_id: clientId }: { client_id: string } = await registered.json();
    const url = new URL("/authorize", product.origin);
    const parameters = {
      response_type: "code",
      client_id: clientId,
      redirect_uri: `http://127.0.0.1:${port}/callback`,
      code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
      code_challenge_method: "S256",
      state: "its-state",
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    await page.goto(url.href);
    await page.getByLabel("E-mail").fill("owner@example.com");
    await page.getByLabel("Password").fill("correct horse battery");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("heading", { name: "Let Claude Code in?" })).toBeVisible();
    await expect(page.getByText("A program on this computer")).toBeVisible();
    if (process.env.SHOTS) {
      await page.screenshot({ path: `${process.env.SHOTS}/consent.png` });
      await page.emulateMedia({ colorScheme: "dark" });
      await page.setViewportSize({ width: 360, height: 800 });
      await page.screenshot({ path: `${process.env.SHOTS}/consent-dark-360.png` });
    }
    await page.getByRole("button", { name: "Allow" }).click();
    await expect(page.getByText("You can close this window.")).toBeVisible();
    expect(called.find(({ pathname }) => pathname === "/callback")?.searchParams.get("state")).toBe("its-state");
    expect(called.find(({ pathname }) => pathname === "/callback")?.searchParams.get("code")).toBeTruthy();
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto(`${product.origin}/agents`);
    await expect(page.getByRole("region", { name: "Signed-in agents" }).getByText("not seen yet")).toBeVisible();
    // Its first request shows up while the page is open, under the name it gives itself.
    await expect(page.getByText("Waiting for your agent.")).toBeVisible();
    const code = called.find(({ pathname }) => pathname === "/callback")?.searchParams.get("code") ?? "";
    const exchanged = await fetch(`${product.origin}/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "authorization_code",
        code,
        client_id: clientId,
        redirect_uri: parameters.redirect_uri,
        code_verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
      }),
    });
    const { access_token: accessToken }: { access_token: string } = await exchanged.json();
    await fetch(`${product.origin}/mcp/agent`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${accessToken}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "initialize",
        params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "claude-code", version: "2.1" } },
      }),
    });
    await expect(page.getByText("Claude Code was seen just now (claude-code 2.1).")).toBeVisible();
    if (process.env.SHOTS) {
      for (const [colorScheme, width] of [
        ["light", 1280],
        ["dark", 1280],
        ["light", 360],
        ["dark", 360],
      ] as const) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 800 });
        await page.screenshot({ path: `${process.env.SHOTS}/agents-${colorScheme}-${width}.png`, fullPage: true });
      }
      await page.setViewportSize({ width: 1280, height: 800 });
    }
    await page.getByRole("button", { name: "Refresh now" }).click();
    await expect(page.getByText("There is no connection you may use yet.")).toBeVisible();
    await page.getByRole("button", { name: "End the access of Claude Code" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "End access" }).click();
    await expect(page.getByText("Access was revoked.")).toBeVisible();
    expect(problems.filter((problem) => !problem.includes("favicon"))).toEqual([]);
  } finally {
    agent.close();
    await product.stop();
  }
});
