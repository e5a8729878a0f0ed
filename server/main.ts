// Starts the product and stops it in good order.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { flushCalls, openCallJournal } from "./audit/calls.ts";
import { closeDatabase, folderOf, openDatabase } from "./db.ts";
import { env } from "./env.ts";
import { abandonRequests } from "./http/facts.ts";
import { createHost } from "./http/host.ts";
import { log } from "./log.ts";
import { openControl } from "./operator/control.ts";
import { refreshesDone } from "./oauth/tokens.ts";
import { links, ownOrigin } from "./origin.ts";
import { bootstrap, createSetupLink } from "./orgs/first-owner.ts";
import { outbound } from "./outbound/outbound.ts";
import { sweepResults } from "./results/keep.ts";
import { sweepRecords } from "./signin/records.ts";
import { stop } from "./stop.ts";
import { closeAllSessions } from "./upstream/sessions.ts";

/** How long running requests may still take once a stop was asked for. */
const drainMs = 9_000;

let stopping = false;

try {
  await openDatabase(env.DATABASE_URL);
  const folder = folderOf(env.DATABASE_URL);
  if (folder !== null) await openCallJournal(folder);
} catch (error) {
  stop(error instanceof Error ? error.message : String(error));
}
if (await bootstrap(env)) log.info("made the organization and owner of BOOTSTRAP_*");

const server = createServer(await createHost({ isStopping: () => stopping }));
server.requestTimeout = 60_000;
server.keepAliveTimeout = 65_000;
const closeControl = await openControl(env.DATABASE_URL);
server.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EADDRINUSE") stop(`Port ${env.PORT} on ${env.HOST} is taken. Stop the other program or set PORT.`);
  if (error.code === "EACCES") stop(`Port ${env.PORT} may not be opened by this user. Set PORT to 1024 or above.`);
  stop(`Gatehouse cannot listen: ${error.message}`);
});
const setupToken = await createSetupLink();
server.listen(env.PORT, env.HOST, () => announce(server.address()));

function announce(address: AddressInfo | string | null): void {
  const port = typeof address === "object" && address ? address.port : env.PORT;
  const origin = ownOrigin(port);
  process.stdout.write(`\n  Gatehouse is running at ${origin}\n`);
  if (setupToken) process.stdout.write(`  Create the first owner (this link works once): ${links.setup(origin, setupToken)}\n`);
  process.stdout.write("\n");
}

/** Milliseconds between two sweeps of what agents' sign-ins and large results left behind. */
const sweepMs = 3_600_000;
const sweep = () =>
  void Promise.all([sweepRecords(), sweepResults()]).catch((error: unknown) => log.warn({ err: error }, "old rows were not swept"));
sweep();
const sweeping = setInterval(sweep, sweepMs).unref();

async function shutDown(signal: NodeJS.Signals): Promise<void> {
  if (stopping) return;
  stopping = true;
  log.info({ signal }, "stopping: running requests get up to 9 s");
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // A connection that waits for a running call is idle only once that call was answered.
  const closing = setInterval(() => server.closeIdleConnections(), 100);
  const deadline = setTimeout(() => {
    abandonRequests(new Error("Gatehouse is stopping."));
    setTimeout(() => server.closeAllConnections(), 500).unref();
  }, drainMs);
  await closed;
  clearTimeout(deadline);
  clearInterval(closing);
  clearInterval(sweeping);
  await closeControl();
  await flushCalls();
  await refreshesDone();
  await closeAllSessions();
  await outbound.close();
  await closeDatabase();
  log.info("stopped");
  process.exit(0);
}

process.on("SIGTERM", (signal) => void shutDown(signal));
process.on("SIGINT", (signal) => void shutDown(signal));
