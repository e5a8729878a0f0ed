// Replicas on one PostgreSQL tell each other at once what changed, and which call was cancelled (LISTEN/NOTIFY). No right depends on a message to
// arrive: without one, what a replica remembers is one second old at the most.
import { randomUUID } from "node:crypto";

import type { Client, Pool } from "pg";

import { heardCancelled, tellCancelledBy } from "./running-calls.ts";
import { heardOfChange, tellOthersBy } from "./freshness.ts";
import { log } from "./log.ts";

const channel = "gatehouse_changed";
const cancelChannel = "gatehouse_cancelled";
/** Milliseconds before a lost listening connection is opened again. */
const retryMs = 1_000;

/**
 * Tells of this process' changes over `pool`, and listens to the others' on a connection of its own that `connection` makes; it is
 * opened again whenever it is lost. Returns how to stop.
 */
export function openChangeChannel(pool: Pool, connection: () => Client): () => Promise<void> {
  // A process hears itself too: its own changes it knows already.
  const own = randomUUID();
  let listening: Client | undefined;
  let retry: NodeJS.Timeout | undefined;
  let isStopped = false;

  const listen = () => {
    const client = connection();
    listening = client;
    let isLost = false;
    const lost = (error?: unknown) => {
      if (isLost || isStopped) return;
      isLost = true;
      log.warn({ err: error }, "changes of other processes are not heard right now");
      retry = setTimeout(listen, retryMs).unref();
      client.end().catch(() => undefined);
    };
    client.on("error", lost);
    client.on("end", () => lost());
    client.on("notification", ({ channel: told, payload = "" }) => {
      if (told === cancelChannel) return heardCancelled(payload);
      const [from, orgId] = payload.split(" ");
      if (orgId !== undefined && from !== own) heardOfChange(orgId);
    });
    client
      .connect()
      .then(() => client.query(`LISTEN ${channel}; LISTEN ${cancelChannel}`))
      .catch(lost);
  };
  listen();
  tellOthersBy((orgId) => {
    pool
      .query("SELECT pg_notify($1, $2)", [channel, `${own} ${orgId}`])
      .catch((error: unknown) => log.warn({ err: error }, "other processes were not told of a change"));
  });
  tellCancelledBy((key) => {
    pool
      .query("SELECT pg_notify($1, $2)", [cancelChannel, key])
      .catch((error: unknown) => log.warn({ err: error }, "other processes were not told of a cancelled call"));
  });
  return async () => {
    isStopped = true;
    clearTimeout(retry);
    tellOthersBy(() => undefined);
    tellCancelledBy(() => undefined);
    await listening?.end().catch(() => undefined);
  };
}
