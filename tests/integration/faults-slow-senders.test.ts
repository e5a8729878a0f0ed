// Slow loris: who sends a request a byte at a time is hung up on, in the headers as in the body, while others are answered.
import { once } from "node:events";
import { connect } from "node:net";

import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { createMember, createOrganization } from "#prisma/factories.ts";
import { tokenFor } from "#tests/setup/agent.ts";
import { useDatabase } from "#tests/setup/database.ts";
import { startHost } from "#tests/setup/host.ts";

useDatabase();

let host: Awaited<ReturnType<typeof startHost>>;
beforeAll(async () => {
  host = await startHost({ headersMs: 300, requestMs: 4_000 });
});
afterAll(() => host.close());

/** What was hung up on, in this order. */
const given: string[] = [];

/** Sends `begun` and then a byte now and again. `answer`: what it was told, once it was hung up on, which is noted. */
function drip(what: string, begun: string) {
  const { port, hostname } = new URL(host.origin);
  const socket = connect(Number(port), hostname);
  let said = "";
  let drops = 0;
  socket.setEncoding("utf8").on("data", (text: string) => (said += text));
  socket.on("error", () => undefined).write(begun);
  const dripping = setInterval(() => {
    drops += 1;
    socket.write("x");
  }, 50);
  const answer = once(socket, "close").then(() => {
    clearInterval(dripping);
    given.push(what);
    return said;
  });
  return { answer, drops: () => drops };
}

test("dripping headers are given up before a dripping body, which had begun long before them", { timeout: 20_000 }, async () => {
  const token = await tokenFor((await createMember(await createOrganization("Patience"))).actor);
  const head = `POST /mcp/agent HTTP/1.1\r\nhost: ${new URL(host.origin).host}\r\nauthorization: Bearer ${token}\r\n`;
  const body = drip("body", `${head}content-type: application/json\r\ncontent-length: 1000000\r\n\r\n{`);
  await vi.waitFor(() => expect(body.drops()).toBeGreaterThan(20), { timeout: 3_000 });
  const headers = drip("headers", `${head}x-drip: `);
  expect((await fetch(`${host.origin}/healthz`)).status).toBe(200);
  // It may have been on its way when the connection ended.
  for (const said of await Promise.all([headers.answer, body.answer])) expect(said).toMatch(/^(HTTP\/1\.1 408 |$)/);
  expect(given).toEqual(["headers", "body"]);
});
