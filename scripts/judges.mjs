// @ts-check
// Programs that judge the product and are not part of it: installed outside the project, kept between runs.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";

import { run, say } from "./run.mjs";

/**
 * Installs packages (each "name@version") into a folder of their own, once, and returns that folder. No install script of theirs runs.
 * Throws with npm's output when they cannot be had.
 * @param {readonly string[]} packages
 */
export async function installJudges(packages) {
  const key = createHash("sha256")
    .update([...packages].sort().join("\n"))
    .digest("hex")
    .slice(0, 12);
  const folder = path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), ".cache"), "gatehouse-judges", key);
  if (existsSync(path.join(folder, "installed"))) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ private: true }));
  say(`Installing ${packages.join(", ")} (once, outside the project) ...`);
  const { code, output } = await run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", folder, ...packages]);
  if (code !== 0) throw new Error(`${packages.join(", ")} could not be installed:\n${output}`);
  writeFileSync(path.join(folder, "installed"), "");
  return folder;
}
