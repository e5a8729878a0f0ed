// @ts-check
// `npm run conformance:client`: sets up what is missing and runs conformance/client.ts.
import "./check-node.mjs";

import { root } from "./run.mjs";
import { setUp } from "./setup.mjs";

process.chdir(root);
await setUp({ built: true });

const { register } = await import("tsx/esm/api");
register();
await import("../conformance/client.ts");
