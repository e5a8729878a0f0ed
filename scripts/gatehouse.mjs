// @ts-check
// `npm run gatehouse -- <command>`: the operator's command line.
import "./check-node.mjs";

import { existsSync } from "node:fs";
import path from "node:path";

import { root } from "./run.mjs";
import { setUp } from "./setup.mjs";

process.chdir(root);
await setUp({ built: true });

if (existsSync(".env")) process.loadEnvFile(".env");
process.env.NODE_ENV = "production";
process.setSourceMapsEnabled(true);
await import(path.join(root, "build/gatehouse.js"));
