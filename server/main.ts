// Starts the product and stops it in good order.
import type { AddressInfo } from "node:net";

import { flushCalls, openCallJournal } from "./audit/calls.ts";
import { closeDatabase, folderOf, openDatabase } from "./db.ts";
import { env } from "./env.ts";
import { abandonRequests } from "./http/facts.ts";
import { createHost } from "./http/host.ts";
import { httpServer } from "./http/http-server.ts";
import { log } from "./log.ts";
import { openControl } from "./operator/control.ts";
import { refreshesDone } from "./oauth/tokens.ts";
import { links, ownOrigin } from "./origin.ts";
import { bootstrap, createSetupLink } from "./orgs/first-owner.ts";
import { outbound } from "./outbound/outbound.ts";
import { exactLimit, sweepRateLimits } from "./rate-limit.ts";
import { sweepResults } from "./results/keep.ts";
import { flushLearning } from "./search/learning.ts";
import { warmUp } from "./search/warm-up.ts";
import { sweepRecords } from "./signin/records.ts";
import { stop } from "./stop.ts";
import { addProcessMetrics } from "./telemetry/process-metrics.ts";
import { startTracing, stopTracing } from "./telemetry/tracing.ts";
import { flushUses } from "./tokens/note-use.ts";
import { closeAllSessions } from "./upstream/sessions.ts";
import { vacuum } from "./vacuum.ts";

/** How long running requests may still take once a stop was asked for. */
const drainMs = 8_750;
/** How long new requests are still answered (with 503) before their connections close. */
const lastRequestsMs = 250;
/** Milliseconds that requests to other servers have which nobody waits for. */
const strayMs = 250;

let stopping = false;

addProcessMetrics();
await startTracing(env);

try {
  await openDatabase(env.DATABASE_URL);
  const folder = folderOf(env.DATABASE_URL);
  if (folder !== null) await openCallJournal(folder);
} catch (error) {
  stop(error instanceof Error ? error.message : String(error));
}
if (await bootstrap(env)) log.info("made the organization and owner of BOOTSTRAP_*");

const { server, greetAll } = httpServer(await createHost({ isStopping: () => stopping }));
const closeControl = await openControl(env.DATABASE_URL);
server.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EADDRINUSE") stop(`Port ${env.PORT} on ${env.HOST} is taken. Stop the other program or set PORT.`);
  if (error.code === "EACCES") stop(`Port ${env.PORT} may not be opened by this user. Set PORT to 1024 or above.`);
  stop(`Gatehouse cannot listen: ${error.message}`);
});
// The first look at a stack reads the source map, which takes as long as a hundred calls: not while they wait.
void new Error("nothing happened").stack;
const setupToken = await createSetupLink();
// Thousands of agents may come at once after a start; Node's own 511 would turn away the rest.
server.listen({ port: env.PORT, host: env.HOST, backlog: 4_096 }, () => announce(server.address()));
void warmUp(() => stopping);

function announce(address: AddressInfo | string | null): void {
  const port = typeof address === "object" && address ? address.port : env.PORT;
  const origin = ownOrigin(port);
  process.stdout.write(`\n  Gatehouse is running at ${origin}\n`);
  if (setupToken) process.stdout.write(`  Create the first owner (this link works once): ${links.setup(origin, setupToken)}\n`);
  process.stdout.write("\n");
}

/** Milliseconds between two sweeps of what agents' sign-ins and large results left behind. */
const sweepMs = 3_600_000;
/** Of the processes that share a database one sweeps, whichever asks first once the time is over. */
const turn = exactLimit({ name: "sweep", points: 1, seconds: (sweepMs - 60_000) / 1_000 });
async function sweep(): Promise<void> {
  if ((await turn.spend("all")) !== null) return;
  await Promise.all([sweepRecords(), sweepResults(), sweepRateLimits()]);
  const vacuumed = await vacuum();
  log.info(vacuumed.length > 0 ? { vacuumed } : {}, "swept what is over");
}
const sweepQuietly = () => void sweep().catch((error: unknown) => log.warn({ err: error }, "old rows were not swept"));
sweepQuietly();
const sweeping = setInterval(sweepQuietly, sweepMs).unref();

async function shutDown(signal: NodeJS.Signals): Promise<void> {
  if (stopping) return;
  stopping = true;
  log.info({ signal }, "stopping: running requests get up to 9 s");
  // What nobody greeted would be closed by nobody.
  greetAll();
  // Requests may be on their way over kept connections: they are told to come back, where an end of the connection would leave them to guess.
  await new Promise((resolve) => setTimeout(resolve, lastRequestsMs));
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
  await flushLearning();
  await flushUses();
  await refreshesDone();
  await closeAllSessions();
  // Handshakes and listings beside the calls may still run; they are nobody's.
  await Promise.race([outbound.close(), new Promise((resolve) => setTimeout(resolve, strayMs))]);
  // How calls ended that were over late.
  await flushCalls();
  await stopTracing();
  await closeDatabase();
  log.info("stopped");
  process.exit(0);
}

process.on("SIGTERM", (signal) => void shutDown(signal));
process.on("SIGINT", (signal) => void shutDown(signal));
