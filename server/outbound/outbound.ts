// The outbound fetch of this process, with the deployment's policy.
import { env } from "#server/env.ts";
import { gauges } from "#server/metric.ts";

import { createOutbound } from "./fetch.ts";

export const outbound = createOutbound({ allowPrivate: env.ALLOW_PRIVATE_UPSTREAMS });

gauges(
  "gatehouse_outbound_connections",
  "Connections to third-party servers: open, idle among them, and requests that wait for one.",
  "state",
  () => ({
    ...outbound.connections(),
  }),
);
