// The whole HTTP surface in the test's own process, with an owner: for tests that look into the database or replace a door.
import { env } from "#server/env.ts";
import { createHost } from "#server/http/host.ts";
import { httpServer } from "#server/http/http-server.ts";
import { bootstrap } from "#server/orgs/first-owner.ts";

/** Listens on a free port of 127.0.0.1, on the open database. The owner is owner@example.com of Acme, as in tests/setup/product.ts. */
export async function startHost(patience?: Parameters<typeof httpServer>[1]): Promise<{ origin: string; close: () => Promise<void> }> {
  await bootstrap({ ...env, BOOTSTRAP_ORG: "Acme", BOOTSTRAP_EMAIL: "owner@example.com", BOOTSTRAP_PASSWORD: "correct horse battery" });
  const { server, greetAll } = httpServer(await createHost({ isStopping: () => false }), patience);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
  const close = async () => {
    greetAll();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { origin, close };
}
