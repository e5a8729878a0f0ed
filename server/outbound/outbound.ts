// The outbound fetch of this process, with the deployment's policy.
import { env } from "#server/env.ts";

import { createOutbound } from "./fetch.ts";

export const outbound = createOutbound({ allowPrivate: env.ALLOW_PRIVATE_UPSTREAMS });
