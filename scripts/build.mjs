// @ts-check
// Builds into build/: the pages with Vite (client/ and server/), then the server itself with esbuild (main.js).
import path from "node:path";

import { build } from "esbuild";

import { root, runNode } from "./run.mjs";

const pages = runNode("node_modules/@remix-run/dev/dist/cli.js", ["vite:build"], { NODE_ENV: "production" });
const server = build({
  absWorkingDir: root,
  entryPoints: ["server/main.ts"],
  outdir: path.join(root, "build"),
  bundle: true,
  platform: "node",
  target: "node20",
  format: "esm",
  packages: "external",
  sourcemap: true,
  sourcesContent: false,
  logLevel: "warning",
});

const [{ code, output }] = await Promise.all([pages, server]);
if (code !== 0) process.stderr.write(output);
process.exit(code);
