// @ts-check
// `npm run dev`: runs the sources; Vite serves app/ with hot reload inside the same server. Restart it after a change in server/.
import "./check-node.mjs";

import { existsSync } from "node:fs";

import { root, stopWithNpm } from "./run.mjs";
import { setUp } from "./setup.mjs";

process.chdir(root);
stopWithNpm();
await setUp({ built: false });

if (existsSync(".env")) process.loadEnvFile(".env");
process.env.NODE_ENV = "development";
const { register } = await import("tsx/esm/api");
register();
await import("../server/main.ts");
