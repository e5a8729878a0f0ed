// Headers an admin sets for every request to a server: sent there and nowhere else, never shown, gone with the address they were made for.
import { afterEach, beforeEach, expect, test } from "vitest";

import { byId } from "#server/connections/by-id.ts";
import { createInput, updateInput } from "#server/connections/schema.ts";
import { update } from "#server/connections/update.ts";
import { db } from "#server/db.ts";
import { closeAllSessions } from "#server/upstream/sessions.ts";
import { createMember, createOrganization, type Person } from "#prisma/factories.ts";
import { type FakeUpstream, startUpstream } from "#tests/fakes/mcp-upstream.ts";
import { useDatabase } from "#tests/setup/database.ts";
import { call, connectTo, targetFor } from "#tests/setup/upstream.ts";

useDatabase();

let upstream: FakeUpstream;
let owner: Person;

beforeEach(async () => {
  upstream = await startUpstream();
  owner = await createMember(await createOrganization(), { role: "owner" });
});
afterEach(async () => {
  await closeAllSessions();
  await upstream.close();
});

const secret = "tenant-secret-value";
const values = (name: string) => new Set(upstream.received.map(({ headers }) => headers[name]));

test("go with every request beside the key, and new ones replace them at once", async () => {
  const id = await connectTo(owner, upstream.url, { apiKey: "the-key-itself", staticHeaders: { "x-tenant": secret } });
  await call(await targetFor(id));
  expect(values("x-tenant")).toEqual(new Set([secret]));
  expect(values("authorization")).toEqual(new Set(["Bearer the-key-itself"]));

  const { version, staticHeaderNames } = await byId(owner.actor, { id });
  expect(staticHeaderNames).toEqual(["x-tenant"]);
  expect(await update(owner.actor, { id, version, staticHeaders: { "x-region": "eu" } })).toMatchObject({ disconnected: false });
  upstream.received.length = 0;
  await call(await targetFor(id));
  expect([values("x-tenant"), values("x-region")]).toEqual([new Set([undefined]), new Set(["eu"])]);
});

test("are sealed, shown to nobody, and taken out of what the server repeats", async () => {
  const [echo] = upstream.tools;
  if (echo) echo.run = () => ({ content: [{ type: "text", text: `You sent ${secret}.` }] });
  const id = await connectTo(owner, upstream.url, { staticHeaders: { "x-tenant": secret } });
  const rows = [await db.connection.findMany(), await db.auditEvent.findMany(), await byId(owner.actor, { id })];
  expect(JSON.stringify(rows)).not.toContain(secret);
  expect((await call(await targetFor(id))).content).toEqual([{ type: "text", text: "You sent [redacted]." }]);
});

test("do not go along to another address", async () => {
  const id = await connectTo(owner, upstream.url, { staticHeaders: { "x-tenant": secret } });
  const { version } = await byId(owner.actor, { id });
  await update(owner.actor, { id, version, url: `${upstream.origin}/elsewhere` });
  expect(await db.connection.findUniqueOrThrow({ where: { id } })).toMatchObject({ staticHeaders: null, staticHeaderNames: [] });
});

test.each([
  [{ Authorization: "Bearer x" }, "staticHeaders.Authorization"],
  [{ Host: "other.example" }, "staticHeaders.Host"],
  [{ Connection: "close" }, "staticHeaders.Connection"],
  [{ "Mcp-Session-Id": "1" }, "staticHeaders.Mcp-Session-Id"],
  [{ "X-Forwarded-For": "10.0.0.1" }, "staticHeaders.X-Forwarded-For"],
  [{ "bad name": "x" }, "staticHeaders.bad name"],
  [{ "X-Tenant": "a\r\nX-Evil: 1" }, "staticHeaders.X-Tenant"],
  [{ "X-Tenant": "" }, "staticHeaders.X-Tenant"],
  [{ "X-Tenant": "a", "x-tenant": "b" }, "staticHeaders.X-Tenant"],
  [Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`x-${n}`, "v"])), "staticHeaders"],
])("%o is refused, and the field is named", (staticHeaders, path) => {
  const paths = updateInput.safeParse({ id: "c", version: 1, staticHeaders }).error?.issues.map((issue) => issue.path.join("."));
  expect(paths).toContain(path);
});

test("the key's own header cannot be set twice", () => {
  const input = { name: "n", url: "https://mcp.example", authType: "api_key", credentialMode: "shared", apiKey: "k", headerName: "X-Key" };
  const access = { organization: true, membershipIds: [], teamIds: [] };
  const { error } = createInput.safeParse({ ...input, access, staticHeaders: { "x-key": "other" } });
  expect(error?.issues.map(({ path }) => path.join("."))).toEqual(["staticHeaders"]);
});
