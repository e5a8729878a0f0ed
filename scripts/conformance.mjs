// @ts-check
// `npm run conformance:<half>`: sets up what is missing and runs conformance/<half>.ts, the official suite against this product.
import "./check-node.mjs";

import path from "node:path";

import { root } from "./run.mjs";
import { setUp } from "./setup.mjs";

process.chdir(root);
await setUp({ built: true });

const { register } = await import("tsx/esm/api");
register();
await import(path.join(root, "conformance", `${process.argv[2]}.ts`));
