// kill -9 in the middle of writes: whatever was acknowledged is there after the next start, and a second process is kept out meanwhile.
import path from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { callApi, bootstrapToken, startProduct, temporaryFolder } from "#tests/setup/product.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

interface Created {
  id: string;
}

/** Creates tokens as fast as four clients can until the product dies; returns the ids it acknowledged. */
async function writeUntilDeath(origin: string, enough: () => void): Promise<string[]> {
  const acknowledged: string[] = [];
  const client = async (number: number) => {
    for (let count = 0; ; count += 1) {
      try {
        const { id } = await callApi<Created>(
          origin,
          bootstrapToken,
          "agentToken.create",
          { name: `${number}-${count}`, scopes: ["mcp:read"], expiresInDays: 1 },
          "mutation",
        );
        acknowledged.push(id);
      } catch {
        return;
      }
      if (acknowledged.length === 40) enough();
    }
  };
  await Promise.all([1, 2, 3, 4].map(client));
  return acknowledged;
}

test("nothing acknowledged is lost over three kills, each row with its audit row", async () => {
  const settings = { DATABASE_URL: `pglite:${path.join(folder.path, "db")}` };
  const acknowledged: string[] = [];
  for (let round = 0; round < 3; round += 1) {
    const product = await startProduct(settings);
    await expect(startProduct(settings)).rejects.toThrow(/in use|another process/i);
    let die = () => {};
    const death = new Promise<void>((resolve) => {
      die = resolve;
    }).then(() => product.kill());
    acknowledged.push(...(await writeUntilDeath(product.origin, die)));
    await death;
  }
  const product = await startProduct(settings);
  const stored = await product.api<{ id: string }[]>("agentToken.list", undefined, "query");
  const known = new Set(stored.map(({ id }) => id));
  expect(acknowledged.length).toBeGreaterThanOrEqual(120);
  expect(acknowledged.filter((id) => !known.has(id))).toEqual([]);

  const audited = new Set<string>();
  for (let cursor: string | undefined, more = true; more;) {
    const page = await product.api<{ events: { targetId: string | null }[]; nextCursor: string | null }>(
      "audit.list",
      { action: "agent_token.created", limit: 200, cursor },
      "query",
    );
    for (const { targetId } of page.events) audited.add(targetId ?? "");
    cursor = page.nextCursor ?? undefined;
    more = page.nextCursor !== null;
  }
  expect(acknowledged.filter((id) => !audited.has(id))).toEqual([]);
  expect(await product.stop()).toBe(0);
}, 120_000);
