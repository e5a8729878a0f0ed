// Storyboard 2: one connection, a team, and an account per person: an admin publishes, a member joins and connects, their agent acts as them.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { type BrowserContext, expect, type Page, test } from "@playwright/test";
import { SMTPServer } from "smtp-server";

import { startOAuthUpstream } from "../fakes/oauth-upstream.ts";
import { startProduct } from "../setup/product.ts";
import { Storyboard } from "./storyboard.ts";

const tokenForm = /gth_[A-Za-z0-9_-]{43}_[A-Za-z0-9_-]{6}/;

interface Mailbox {
  url: string;
  mails: string[];
  close: () => Promise<void>;
}

/** A mail server that takes everything. */
async function startMailbox(): Promise<Mailbox> {
  const mails: string[] = [];
  const server = new SMTPServer({
    disabledCommands: ["AUTH", "STARTTLS"],
    onData(stream, _session, done) {
      let text = "";
      stream.setEncoding("utf8").on("data", (part: string) => (text += part));
      stream.on("end", () => {
        mails.push(text);
        done();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return { url: `smtp://127.0.0.1:${port}`, mails, close: () => new Promise((resolve) => server.close(resolve)) };
}

/** The text of a quoted-printable mail. */
const plain = (mail: string) =>
  mail.replace(/=\r?\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

async function mintToken(page: Page, origin: string, name: string): Promise<string> {
  await page.goto(`${origin}/agents`);
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("button", { name: "Create token" }).click();
  const shown = page.getByText(tokenForm).first();
  await expect(shown).toBeVisible();
  return tokenForm.exec((await shown.textContent()) ?? "")?.[0] ?? "";
}

async function connectAgent(origin: string, token: string): Promise<Client> {
  const agent = new Client({ name: "claude-code", version: "1.0.0" });
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await agent.connect(new StreamableHTTPClientTransport(new URL(`${origin}/mcp/agent`), { requestInit }));
  return agent;
}

test("from a team's connection to an agent that acts as its person", async ({ browser }) => {
  const [ledger, mailbox] = await Promise.all([startOAuthUpstream({ consent: "page" }), startMailbox()]);
  const product = await startProduct({ SMTP_URL: mailbox.url, MAIL_FROM: "Gatehouse <door@harborpine.example>" });
  const { origin } = product;
  const board = new Storyboard("people", "Gatehouse: a team, a member, and an account of their own");
  const problems: string[] = [];
  const person = async (): Promise<{ context: BrowserContext; page: Page }> => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    page.on("pageerror", (error) => problems.push(error.message));
    return { context, page };
  };

  try {
    const { page: admin } = await person();
    await admin.goto(`${origin}/login`);
    await admin.getByLabel("E-mail").fill("owner@example.com");
    await admin.getByLabel("Password").fill("correct horse battery");
    await admin.getByRole("button", { name: "Sign in" }).click();
    await admin.waitForURL((url) => !url.pathname.startsWith("/login"));

    board.step("A team", "An admin makes the team that will get access.");
    await admin.goto(`${origin}/admin/teams`);
    await admin.getByLabel("Name", { exact: true }).fill("Finance");
    await admin.getByRole("button", { name: "Create team" }).click();
    await board.check("The team is there, still empty", () => expect(admin.getByText("Nobody is in this team yet.")).toBeVisible());
    await board.picture(admin);

    board.step("A connection for the team", "Each person connects their own account; the team may use it, the admin not.");
    await admin.goto(`${origin}/admin/connections/new?preset=custom`);
    await admin.getByLabel("Name", { exact: true }).fill("Ledger");
    await admin.getByLabel("URL", { exact: true }).fill(ledger.url);
    await admin.getByRole("radio", { name: /Each person connects their own/ }).check();
    await admin.getByRole("checkbox", { name: /Everyone in the organization/ }).uncheck();
    await admin.getByRole("checkbox", { name: /Finance/ }).check();
    await board.picture(admin);
    await admin.getByRole("button", { name: "Add connection" }).click();
    await board.check("It is added, with access for the team alone", () => expect(admin.getByText("Ledger was added")).toBeVisible());
    const connectionId = new URL(admin.url()).pathname.split("/").at(-1) ?? "";
    const { id: hiddenId } = await product.api<{ id: string }>("connection.create", {
      name: "Board papers",
      url: ledger.url,
      authType: "oauth",
      credentialMode: "shared",
      access: { organization: false, membershipIds: [], teamIds: [] },
    });

    board.step("An invitation", "By e-mail address, with role and team; the link is shown once and sent by mail.");
    await admin.goto(`${origin}/admin/members`);
    await admin.getByLabel("E-mail").fill("priya@harborpine.example");
    await admin.getByRole("checkbox", { name: /Finance/ }).check();
    await admin.getByRole("button", { name: "Invite", exact: true }).click();
    await board.check("The page shows the link, and says that it was sent", () =>
      expect(admin.getByText(/It was sent by e-mail, too/)).toBeVisible(),
    );
    const link = (await admin.locator("code", { hasText: "/join/" }).textContent()) ?? "";
    await board.check("The mail server got the same link", () => expect(plain(mailbox.mails.join())).toContain(link));
    await board.picture(admin);

    board.step("Joining", "The member opens the link and makes an account.");
    const { context, page: member } = await person();
    await member.goto(link);
    await member.getByLabel("Your name").fill("Priya Raman");
    await member.getByLabel("Choose a password").fill("priya and her password");
    await board.picture(member);
    await member.getByRole("button", { name: /^Join/ }).click();
    await member.waitForURL(/\/connections/);
    const again = await fetch(link);
    await board.check("The link is used up", () => expect(again.status).toBe(410));

    board.step("Only what was granted", "The member sees the team's connection, and nothing else the organization has.");
    await board.check("Ledger waits for their sign-in", () =>
      expect(member.getByRole("heading", { name: /Needs your sign-in/ })).toBeVisible(),
    );
    await board.check("The other connection is nowhere", async () => expect(await member.content()).not.toContain("Board papers"));
    const foreign = await context.request.get(`${origin}/connections/${hiddenId}`);
    await board.check("Not by its address either", () => expect(foreign.status()).toBe(404));
    const adminPage = await context.request.get(`${origin}/admin/connections`);
    await board.check("Nor are the admin's pages", () => expect(adminPage.status()).toBe(403));
    await board.picture(member);

    board.step("Connect", "The popup opens in the click; the member signs in with their own account.");
    const [popup] = await Promise.all([member.waitForEvent("popup"), member.getByRole("button", { name: "Connect", exact: true }).click()]);
    await popup.locator("select[name=account]").selectOption("jonas@harborpine.example");
    await board.picture(popup);
    await popup.getByRole("button", { name: "Allow" }).click();
    await board.check("Connected as you appears without a reload", () => expect(member.getByText("Connected as you.")).toBeVisible());
    await board.picture(member);

    board.step("The agent acts as the member", "Its token is the member's; the provider sees the member's account.");
    const token = await mintToken(member, origin, "Claude Code");
    const agent = await connectAgent(origin, token);
    const whoami = { name: "execute_capability", arguments: { name: `mcp:${connectionId}:whoami`, arguments: {} } };
    const asMember = await agent.callTool(whoami);
    await board.check("The provider says who it is", () =>
      expect(asMember.structuredContent).toEqual({ account: "jonas@harborpine.example" }),
    );
    await board.picture(member);

    board.step("The admin's agent cannot", "No account and no access of their own: the admin is told so, and gets nobody else's.");
    await product.api("grant.replace", {
      connectionId,
      version: 1,
      access: {
        organization: true,
        membershipIds: [],
        teamIds: [],
      },
    });
    const adminAgent = await connectAgent(origin, await mintToken(admin, origin, "Codex"));
    const asAdmin = await adminAgent.callTool(whoami);
    await board.check("needs_connection, with the link to connect", () =>
      expect(asAdmin.structuredContent).toMatchObject({
        error: "needs_connection",
        connection: { action: { url: `${origin}/connections?connect=${connectionId}` } },
      }),
    );
    await admin.goto(`${origin}/admin/connections/${connectionId}`);
    await board.check("The admin sees who connected, and no secret", () => expect(admin.getByText("Accounts (1)")).toBeVisible());
    await admin.getByLabel("Person").selectOption({ label: "Priya Raman (priya@harborpine.example)" });
    await admin.getByRole("button", { name: "Explain" }).click();
    await board.check("Why can she use it: step by step", () => expect(admin.getByText("Priya Raman can use it.")).toBeVisible());
    await admin.getByRole("heading", { name: /Accounts/ }).scrollIntoViewIfNeeded();
    await board.picture(admin);

    board.step("Removal", "One click cuts everything at once: agent, browser, account.");
    await admin.goto(`${origin}/admin/members`);
    await admin.getByRole("button", { name: "Remove Priya Raman" }).click();
    await board.check("The question says what is lost", () =>
      expect(admin.getByRole("dialog")).toContainText("1 connected account, 1 agent token"),
    );
    await board.picture(admin);
    await admin.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
    await expect(admin.getByText("Removed, with everything that was theirs.")).toBeVisible();
    const refused: unknown = await agent.callTool(whoami).catch((error: unknown) => error);
    await board.check("The agent is out", () => expect(refused).toBeInstanceOf(Error));
    await member.goto(`${origin}/connections`);
    await board.check("So is the browser", () => expect(member.getByRole("button", { name: "Sign in" })).toBeVisible());
    await expect.poll(() => ledger.requests.filter(({ path }) => path === "/token/revocation").length).toBe(1);
    await board.check("The provider was told to forget the account", () => expect(ledger.count("RefreshToken")).toBe(0));
    await board.picture(member);

    await agent.close();
    await adminAgent.close();
    await board.check("No error in a browser's console but the page that was refused", () =>
      // On a slow machine a page that asks every few seconds gives up a question for the next one; that is told as an AbortError.
      expect(problems.filter((problem) => !/\b(401|403|404|422)\b|^AbortError/.test(problem))).toEqual([]),
    );
    expect(product.output()).not.toContain(link.split("/join/")[1] ?? "none");
  } finally {
    await board.write();
    await product.stop();
    await Promise.all([ledger.close(), mailbox.close()]);
  }
});
