// @ts-check
// The two programs the tests need and npm does not bring: a browser and PostgreSQL. Found where they usually are, else installed.
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";

import { run, runNode, say } from "./run.mjs";

/** @returns {string | undefined} the folder that holds initdb and postgres, the newest version first */
export function findPostgres() {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => `${debian}/${version}/bin`), ...(process.env.PATH ?? "").split(path.delimiter)];
  return folders.find((folder) => existsSync(path.join(folder, "initdb")) && existsSync(path.join(folder, "postgres")));
}

/** Whether there is a browser where playwright.config.ts looks for one: the system's, or the one Playwright downloaded. */
async function hasBrowser() {
  if (["/usr/bin/chromium", "/usr/bin/google-chrome"].some((file) => existsSync(file))) return true;
  const { chromium } = await import("@playwright/test");
  return existsSync(chromium.executablePath());
}

const mayInstall = process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");

/** Installs a Debian package; false when that is not possible here. */
async function aptInstall(/** @type {string} */ name) {
  if (!mayInstall) return false;
  say(`installing ${name} (apt-get)`);
  const quiet = { DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["update", "-q"], quiet);
  const { code, output } = await run("apt-get", ["install", "-y", "-q", "--no-install-recommends", name], quiet);
  if (code !== 0) process.stderr.write(output);
  return code === 0;
}

/** @returns {Promise<boolean>} whether there is a browser to test with, after trying to get one */
export async function ensureBrowser() {
  if (await hasBrowser()) return true;
  if ((await aptInstall("chromium")) && (await hasBrowser())) return true;
  say("downloading a browser (playwright install chromium)");
  const { code, output } = await runNode(
    "node_modules/@playwright/test/cli.js",
    ["install", "--with-deps", "chromium"].filter((word) => mayInstall || word !== "--with-deps"),
  );
  if (code !== 0) process.stderr.write(output);
  return code === 0 && (await hasBrowser());
}

/** @returns {Promise<boolean>} whether there is a PostgreSQL server to test with, after trying to get one */
export async function ensurePostgres() {
  return findPostgres() !== undefined || ((await aptInstall("postgresql")) && findPostgres() !== undefined);
}
