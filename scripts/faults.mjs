// @ts-check
// `npm run faults`: sets up what is missing and runs bench/faults/main.ts.
import "./check-node.mjs";

import { root } from "./run.mjs";
import { setUp } from "./setup.mjs";

process.chdir(root);
await setUp({ built: true });

const { register } = await import("tsx/esm/api");
register();
await import("../bench/faults/main.ts");
