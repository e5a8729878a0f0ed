// @ts-check
// Builds into build/: the pages with Vite (client/ and server/), the server itself and the operator's
// command line with esbuild (main.js, gatehouse.js), and an empty
// database for the first start: unpacking one takes a second and little memory, making one there takes four and keeps 400 MB.
import { copyFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { PGlite } from "@electric-sql/pglite";
import { build } from "esbuild";

import { root, runNode } from "./run.mjs";

async function emptyDatabase() {
  const pglite = await PGlite.create();
  const dump = await pglite.dumpDataDir("gzip");
  await pglite.close();
  return Buffer.from(await dump.arrayBuffer());
}

const makingDatabase = emptyDatabase();
const pages = await runNode("node_modules/@remix-run/dev/dist/cli.js", ["vite:build"], { NODE_ENV: "production" });
if (pages.code !== 0) {
  process.stderr.write(pages.output);
  process.exit(1);
}

// After the pages: Remix empties build/ first.
await build({
  absWorkingDir: root,
  entryPoints: { main: "server/main.ts", gatehouse: "server/operator/main.ts" },
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
// A thread is started from a file of its own, beside the code that starts it.
copyFileSync(path.join(root, "server/embedded-thread.mjs"), path.join(root, "build/embedded-thread.mjs"));
writeFileSync(path.join(root, "build/empty-database.tar.gz"), await makingDatabase);
