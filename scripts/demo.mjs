// @ts-check
// `npm run demo`: sets up what is missing and runs scripts/demo.ts.
import "./check-node.mjs";

import { root, stopWithNpm } from "./run.mjs";
import { setUp } from "./setup.mjs";

process.chdir(root);
stopWithNpm();
await setUp({ built: true });

const { register } = await import("tsx/esm/api");
register();
await import("./demo.ts");
