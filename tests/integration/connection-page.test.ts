// The admin's pages of connections as the server sends them: that calls pause and whose, and what changed in the tools.
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import { db } from "#server/db.ts";
import { closeAllSessions } from "#server/upstream/sessions.ts";
import { syncCatalog } from "#server/upstream/sync-catalog.ts";
import { createMember, createOrganization, type Person } from "#prisma/factories.ts";
import { echoTool, type FakeUpstream, startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { Browser } from "#tests/setup/browser.ts";
import { useDatabase } from "#tests/setup/database.ts";
import { startHost } from "#tests/setup/host.ts";
import { call, connectTo, giveKey, targetFor } from "#tests/setup/upstream.ts";

useDatabase();

let host: Awaited<ReturnType<typeof startHost>>;
let browser: Browser;
let upstream: FakeUpstream;
let admin: Person;

beforeAll(async () => {
  host = await startHost();
  upstream = await startUpstream();
  const known = { email: "admin@example.com", password: "correct horse battery" };
  admin = await createMember(await createOrganization("Pages"), { ...known, role: "admin", name: "Grace" });
  browser = new Browser(host.origin);
  await browser.signIn(known.email);
});
afterEach(() => {
  upstream.intercept = null;
});
afterAll(async () => {
  await host.close();
  await upstream.close();
  await closeAllSessions();
});

/** What a page says, in one line. */
async function words(path: string): Promise<string> {
  const html = await (await browser.go(path)).text();
  return html
    .replace(/<script[\s\S]*?<\/script>|<!--[\s\S]*?-->/g, "")
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ");
}

async function pause(id: string, holder?: string): Promise<void> {
  upstream.intercept = (_req, res) => Boolean(res.writeHead(429, { "retry-after": "3000" }).end());
  await expect(call(await targetFor(id, holder))).rejects.toMatchObject({ reason: "rate_limited" });
}

test("a pause is told in the list and on the page", async () => {
  const id = await connectTo(admin, upstream.url, { name: "Shared" });
  expect(await words(`/admin/connections/${id}`)).not.toMatch(/calls pause/i);
  await pause(id);
  const page = await words(`/admin/connections/${id}`);
  expect(page).toContain("One shared account Calls pause");
  expect(page).toContain("The server said there were too many requests and how long to wait.");
  expect(page).toMatch(/The next call goes out in (49|50) minutes/);
  expect(await words("/admin/connections")).toMatch(/Calls pause.*too many requests; the next call goes out in (49|50) minutes/);
});

test("where each person has an account of their own, the page says whose calls pause", async () => {
  const id = await connectTo(admin, upstream.url, { name: "Own keys", credentialMode: "per_member", apiKey: "of Grace" });
  const ada = await createMember({ id: admin.actor.orgId, name: "Pages" }, { name: "Ada", email: "ada@example.com" });
  await giveKey(id, ada.actor.membershipId, "of Ada");
  await pause(id, ada.actor.membershipId);
  const page = await words(`/admin/connections/${id}`);
  expect(page).toContain("Some calls pause");
  expect(page).toContain("Calls with at least one account pause");
  expect(page).toMatch(/Ada Connected Calls pause ada@example\.com.*?too many requests; the next call goes out in (49|50) minutes/);
  expect(page).toMatch(/Grace Connected admin@example\.com/);
});

test("what changed in the tools is counted since the last review, and can be reviewed", async () => {
  const id = await connectTo(admin, upstream.url, { name: "Changing" });
  await db.catalog.updateMany({
    where: { connectionId: id },
    data: { reviewedAt: new Date(new Date().getFullYear(), 4, 4, 12), reviewedBy: "Grace" },
  });
  const added = ["shout", "whisper", "sing"].map((name) => ({ ...echoTool, name }));
  upstream.tools = [{ ...echoTool, description: "Says it twice." }, ...added];
  await syncCatalog(await targetFor(id));
  const page = await words(`/admin/connections/${id}`);
  expect(page).toContain("3 new, 1 changed since 4 May , when Grace reviewed them Mark as reviewed");
  for (const told of ["Changed echo description", "Before Returns the text it is given. Now Says it twice.", "New shout"])
    expect(page).toContain(told);
});
