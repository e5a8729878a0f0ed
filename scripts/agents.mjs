// @ts-check
// `npm run agents`: real agents sign in by URL. Sets up what is missing and runs scripts/agents/main.ts.
import "./check-node.mjs";

import { root, stopWithNpm } from "./run.mjs";
import { setUp } from "./setup.mjs";

process.chdir(root);
stopWithNpm();
await setUp({ built: true });

const { register } = await import("tsx/esm/api");
register();
await import("./agents/main.ts");
