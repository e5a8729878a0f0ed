// @ts-check
// `npm start`: sets up what is missing and runs the product.
import "./check-node.mjs";

import { existsSync } from "node:fs";
import path from "node:path";

import { root, stopWithNpm } from "./run.mjs";
import { setUp } from "./setup.mjs";

process.chdir(root);
stopWithNpm();
await setUp({ built: true });

if (existsSync(".env")) process.loadEnvFile(".env");
process.env.NODE_ENV = "production";
process.setSourceMapsEnabled(true);
// In this very process: signals need no forwarding, and nothing is left behind when it is killed.
await import(path.join(root, "build/main.js"));
