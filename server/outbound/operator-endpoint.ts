// The outbound fetch to an endpoint that the operator wrote into the settings (EMBEDDINGS_URL), and to nothing else.
import { createOutbound } from "./fetch.ts";

/**
 * Private addresses and plain http are open here whatever ALLOW_PRIVATE_UPSTREAMS says: who sets this process' environment may reach whatever the
 * machine reaches, and a model mostly runs next to it. Connections gain nothing by that: what people enter goes through `outbound`, with a pool of its
 * own. Cloud metadata and link-local addresses stay closed. Ask with `redirect: "error"`: the endpoint's answer must not choose another address.
 */
export const operatorEndpoint = createOutbound({ allowPrivate: true });
