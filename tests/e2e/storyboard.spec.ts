// The whole product once, as three people use it: an owner in a real browser, their agent, and the third-party server that is called in the end.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { expect, test } from "@playwright/test";
import { z } from "zod";

import { startOAuthUpstream } from "../fakes/oauth-upstream.ts";
import { startProduct } from "../setup/product.ts";
import { Storyboard } from "./storyboard.ts";

const searchOutline = z.object({ matches: z.array(z.object({ name: z.string(), connection: z.string() })) });

test("from an empty database to an agent's call", async ({ page, context }) => {
  const ledger = await startOAuthUpstream({ consent: "page" });
  const product = await startProduct({}, { bootstrap: false });
  const board = new Storyboard("storyboard", "Gatehouse: from an empty database to an agent's call");
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: product.origin });
  const problems: string[] = [];
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(error.message));

  try {
    board.step("The one-time link", "A newcomer starts Gatehouse and opens the link it printed.");
    await page.goto(product.setupUrl ?? "");
    await board.check("The link opens the form for the first owner", () =>
      expect(page.getByRole("button", { name: "Create organization" })).toBeVisible(),
    );
    await page.getByLabel("Organization name").fill("Harbor & Pine");
    await page.getByLabel("Your name").fill("Mira Okafor");
    await page.getByLabel("E-mail").fill("mira@harborpine.example");
    await page.getByLabel("Password").fill("harbor-and-pine");
    await board.picture(page);
    await page.getByRole("button", { name: "Create organization" }).click();

    board.step("Choose a server", "Straight to adding the first connection: known servers as tiles, and any other by its URL.");
    await board.check("The owner lands on the preset grid", () => expect(page.getByRole("link", { name: /Notion/ })).toBeVisible());
    await board.check("Custom servers are offered too", () => expect(page.getByRole("link", { name: /Custom server/ })).toBeVisible());
    const again = await fetch(product.setupUrl ?? "");
    const said = await again.text();
    await board.check("The set-up link is used up", () => expect(said).toContain("This set-up link is over"));
    await board.picture(page);

    board.step("Describe it", "Name, URL, OAuth, one shared account, everyone may use it.");
    await page.getByRole("link", { name: /Custom server/ }).click();
    await page.getByLabel("Name", { exact: true }).fill("Ledger");
    await page.getByLabel("URL", { exact: true }).fill(ledger.url);
    await page.getByRole("radio", { name: /OAuth/ }).check();
    await board.picture(page);
    await page.getByRole("button", { name: "Add connection" }).click();

    board.step("Added, not yet connected", "Gatehouse found out how the server signs people in. Nothing is usable before somebody does.");
    await board.check("The page says that it is not connected", () =>
      expect(page.getByRole("heading", { name: "Ledger", level: 1 })).toBeVisible(),
    );
    const connect = page.getByRole("button", { name: "Connect", exact: true });
    await board.check("It offers to connect", () => expect(connect).toBeVisible());
    await board.check("No tool is there yet", () => expect(page.getByText("list_invoices")).toHaveCount(0));
    await board.picture(page);

    board.step("Sign in at the provider", "The popup opens in the click and goes to Ledger's own consent page.");
    const [popup] = await Promise.all([page.waitForEvent("popup"), connect.click()]);
    await board.check("The provider asks whether Gatehouse may", () =>
      expect(popup.getByRole("heading", { name: /wants access/ })).toBeVisible(),
    );
    const authorize = new URL(popup.url());
    await board.check("It is the provider's page, not ours", () => expect(authorize.origin).toBe(new URL(ledger.issuer).origin));
    await board.picture(popup);
    await Promise.all([popup.waitForEvent("close"), popup.getByRole("button", { name: "Allow" }).click()]);

    board.step("Connected", "The page notices by itself: the tools are listed, stored, and ready.");
    await board.check("The tools appear without a reload", () => expect(page.getByText("list_invoices").first()).toBeVisible());
    await board.check("Exactly one authorization code was exchanged", () =>
      expect(ledger.requests.filter(({ grantType }) => grantType === "authorization_code")).toHaveLength(1),
    );
    await board.picture(page);

    board.step("What the owner may use", "The member's view: the same connection, ready to use.");
    await page.getByRole("link", { name: "Your connections" }).click();
    await board.check("It stands under Ready to use", () => expect(page.getByRole("heading", { name: /Ready to use/ })).toBeVisible());
    await board.check("It is Ledger", () => expect(page.getByText("Ledger").first()).toBeVisible());
    await board.picture(page);

    board.step("A token for an agent", "Minted in the page, shown once, with a command ready to paste.");
    await page.getByRole("link", { name: "Agents" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Claude Code");
    await page.getByRole("button", { name: "Create token" }).click();
    const shown = page.getByText(/gth_[A-Za-z0-9_-]{43}_[A-Za-z0-9_-]{6}/).first();
    await board.check("The token is shown", () => expect(shown).toBeVisible());
    const token = /gth_[A-Za-z0-9_-]{43}_[A-Za-z0-9_-]{6}/.exec((await shown.textContent()) ?? "")?.[0] ?? "";
    await board.check("The command for Claude Code holds address and token", () =>
      expect(page.getByText(`${product.origin}/mcp/agent`).first()).toBeVisible(),
    );
    await board.picture(page);

    board.step("The agent searches and executes", "An independent MCP client (SDK v1) knows the address and the token, nothing else.");
    const headers = { authorization: `Bearer ${token}` };
    const agent = new Client({ name: "claude-code", version: "1.0.0" });
    await agent.connect(new StreamableHTTPClientTransport(new URL(`${product.origin}/mcp/agent`), { requestInit: { headers } }));
    const { tools } = await agent.listTools();
    await board.check("It sees exactly two tools", () =>
      expect(tools.map(({ name }) => name)).toEqual(["search_capabilities", "execute_capability"]),
    );
    const found = await agent.callTool({ name: "search_capabilities", arguments: { query: "list invoices" } });
    const best = searchOutline.parse(found.structuredContent).matches[0];
    await board.check("Searching finds Ledger's tool first", () =>
      expect(best).toMatchObject({ name: expect.stringMatching(/^mcp:[a-z0-9]{12}:list_invoices$/), connection: "Ledger" }),
    );
    const name = best?.name ?? "";
    const result = await agent.callTool({ name: "execute_capability", arguments: { name, arguments: {} } });
    await board.check("Executing returns the invoices", () => expect(JSON.stringify(result.content)).toMatch(/INV-|invoice/i));
    const calls = ledger.requests.filter(({ tool }) => tool === "list_invoices");
    await board.check("Ledger's own log shows the call, as the account that was connected", () =>
      expect(calls).toMatchObject([{ account: "bookkeeping@harborpine.example", status: 200 }]),
    );
    await page.goto(`${product.origin}/admin/audit`);
    await board.check("The audit trail has it, with outcome and duration", () => expect(page.getByText(name).first()).toBeVisible());
    await board.picture(page);

    board.step("Revoked", "One press ends the agent's access, at once.");
    await page.goto(`${product.origin}/agents`);
    await page
      .getByRole("button", { name: /Revoke/ })
      .first()
      .click();
    const dialog = page.getByRole("dialog").or(page.getByRole("alertdialog"));
    await dialog.getByRole("button", { name: /Revoke/ }).click();
    await board.check("The page says so", () => expect(page.getByText(/revoked/i).first()).toBeVisible());
    const refused = await fetch(`${product.origin}/mcp/agent`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: "{}",
    });
    await board.check("The next request of the agent is refused", () => expect(refused.status).toBe(401));
    await board.picture(page);
    await agent.close();

    board.step("Secrets stayed secret", "What the product wrote to its log while all this happened.");
    await board.check("No token in the log", () => expect(product.output()).not.toContain(token));
    await board.check("No password in the log", () => expect(product.output()).not.toContain("harbor-and-pine"));
    await board.check("No error in the browser's console", () => expect(problems).toEqual([]));
    await page.goto(`${product.origin}/admin/connections`);
    await board.picture(page);
  } finally {
    await board.write();
    await product.stop();
    await ledger.close();
  }
});
