// @ts-check
// `npm run eval:search`: sets up what is missing and runs bench/search/main.ts, with a heap that can be measured.
import "./check-node.mjs";

import { setFlagsFromString } from "node:v8";

import { root } from "./run.mjs";
import { setUp } from "./setup.mjs";

process.chdir(root);
await setUp({ built: true });
setFlagsFromString("--expose-gc");

const { register } = await import("tsx/esm/api");
register();
await import("../bench/search/main.ts");
