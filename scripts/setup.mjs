// @ts-check
// What stands between a fresh clone and a running product: packages, the Prisma client, the build. Each step is skipped when
// nothing changed since, so that `npm start` costs nothing the second time. Node's own modules only: it runs before any install.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";

import { root, run, runNode, say } from "./run.mjs";

const at = (/** @type {string} */ file) => path.join(root, file);

/** Ends a set-up that cannot go on. @returns {never} */
function giveUp(/** @type {string} */ message, /** @type {string} */ output = "") {
  process.stderr.write(`${output}\n${message}\n`);
  process.exit(1);
}

/** Whether node_modules holds what package-lock.json asks for: npm keeps its own account of what it installed. */
function isInstalled() {
  const account = at("node_modules/.package-lock.json");
  if (!existsSync(account)) return false;
  const installed = JSON.parse(readFileSync(account, "utf8")).packages;
  const wanted = JSON.parse(readFileSync(at("package-lock.json"), "utf8")).packages;
  // Optional packages are for some machines only.
  return Object.keys(wanted).every((name) => name === "" || wanted[name].optional || installed[name]?.version === wanted[name].version);
}

async function install() {
  if (isInstalled()) return;
  say("installing packages (npm install)");
  // What package-lock.json says, and not `npm ci`: that one refuses a lockfile written where a registry
  // does not offer the native packages of every other platform.
  const args = ["install", "--no-save", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"];
  const npm = process.env.npm_execpath;
  // Outside of production: the build needs the development packages whatever NODE_ENV says.
  const env = { NODE_ENV: "development" };
  const { code, output } = npm ? await run(process.execPath, [npm, ...args], env) : await run("npm", args, env);
  if (code !== 0)
    giveUp("The packages could not be installed; npm's own words are above. Is there a network, or a filled npm cache?", output);
}

/** One hash over the names, sizes and times of files; folders count with all they hold. */
function fingerprint(/** @type {readonly string[]} */ paths) {
  const hash = createHash("sha256");
  const add = (/** @type {string} */ file) => {
    const found = statSync(at(file), { throwIfNoEntry: false });
    if (found?.isDirectory()) for (const name of readdirSync(at(file)).sort()) add(path.join(file, name));
    else if (found) hash.update(`${file}\0${found.size}\0${found.mtimeMs}\n`);
  };
  paths.forEach(add);
  return hash.digest("hex");
}

/**
 * Does `work` unless its stamp says that it was done for these very inputs.
 * @param {{ stamp: string; inputs: readonly string[]; work: () => Promise<void> }} step
 */
async function once({ stamp, inputs, work }) {
  const now = fingerprint(inputs);
  const before = existsSync(at(stamp)) ? readFileSync(at(stamp), "utf8") : "";
  if (before === now) return;
  // A step that is interrupted has to run again.
  rmSync(at(stamp), { force: true });
  await work();
  mkdirSync(path.dirname(at(stamp)), { recursive: true });
  writeFileSync(at(stamp), now);
}

async function generate() {
  const work = async () => {
    say("generating the Prisma client");
    // Prisma downloads a schema engine unless it is told of one; generating never runs it, so any file that exists will do.
    const env = { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: "1", CHECKPOINT_DISABLE: "1" };
    const { code, output } = await runNode("node_modules/prisma/build/index.js", ["generate"], env);
    if (code !== 0) giveUp("The Prisma client could not be generated.", output);
  };
  await once({ stamp: "generated/.stamp", inputs: ["prisma/schema.prisma", "prisma.config.ts", "node_modules/prisma/package.json"], work });
}

async function build() {
  const work = async () => {
    say("building the pages and the server");
    const { code, output } = await runNode("scripts/build.mjs", []);
    if (code !== 0) giveUp("The build failed.", output);
  };
  const sources = ["app", "server", "prisma", "public", "scripts/build.mjs"];
  const settings = ["package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "remix.config.js"];
  await once({ stamp: "build/.stamp", inputs: [...sources, ...settings], work });
}

/**
 * Makes this clone ready to run. `built: false` leaves the build out, for commands that run the sources.
 * @param {{ built: boolean }} options
 */
export async function setUp({ built }) {
  await install();
  await generate();
  if (built) await build();
}
