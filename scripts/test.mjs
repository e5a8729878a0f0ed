// @ts-check
// `npm test`: sets up everything and runs everything. The last line is "N passed, N failed".
import "./check-node.mjs";

import { mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";

import { ensureBrowser, ensurePostgres } from "./programs.mjs";
import { root, runNode, say } from "./run.mjs";
import { setUp } from "./setup.mjs";

/** @typedef {{ passed: number; failed: number }} Counts */

/** What failed, by name: said again at the end, where it is found without reading thousands of lines. @type {string[]} */
const failures = [];

process.chdir(root);
const reports = path.join(root, "test-results/reports");
rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });

/** @type {(report: string) => any} */
const readReport = (report) => {
  try {
    return JSON.parse(readFileSync(report, "utf8"));
  } catch {
    return undefined;
  }
};

/** A program that cannot say how it went, or that failed in silence, is one failure. @returns {Counts} */
function honest(/** @type {Counts | undefined} */ counts, /** @type {number} */ code) {
  if (!counts) return { passed: 0, failed: 1 };
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

/**
 * Prints a section when it is done, so that sections which run at once do not mix.
 * @param {string} name
 * @param {() => Promise<{ output: string; counts: Counts; failed?: string[] }>} work
 */
async function section(name, work) {
  const began = Date.now();
  say(`${name} ...`);
  const { output, counts, failed = [] } = await work();
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  process.stdout.write(`\n━━ ${name}: ${counts.passed} passed, ${counts.failed} failed (${seconds} s)\n${output.trimEnd()}\n`);
  const named = failed.map((failure) => `${name}: ${failure}`);
  failures.push(...(counts.failed > 0 && named.length === 0 ? [name] : named));
  return counts;
}

/** The first line of an error, in characters a log shows. */
const firstLine = (/** @type {unknown} */ message) =>
  stripVTControlCharacters(String(message ?? ""))
    .split("\n", 1)[0]
    ?.slice(0, 300) ?? "";

/** A check that passes or fails as a whole. */
function check(/** @type {string} */ name, /** @type {string} */ file, /** @type {string[]} */ args) {
  return section(name, async () => {
    const { code, output } = await runNode(file, args);
    return { output, counts: code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 } };
  });
}

/**
 * @param {string} name
 * @param {string} project
 * @param {Record<string, string>} [env]
 * @param {string[]} [more]
 */
function vitest(name, project, env = {}, more = []) {
  return section(name, async () => {
    const report = path.join(reports, `${name.replaceAll(/\W+/g, "-")}.json`);
    const args = ["run", "--project", project, "--reporter=dot", "--reporter=json", `--outputFile.json=${report}`, ...more];
    const { code, output } = await runNode("node_modules/vitest/vitest.mjs", args, env);
    const found = readReport(report);
    // A file that cannot even be loaded has no failed tests, and is a failure all the same.
    const broken = found?.testResults.filter(
      (/** @type {any} */ file) => file.status === "failed" && file.assertionResults.length === 0,
    ).length;
    const counts = found && { passed: found.numPassedTests, failed: found.numFailedTests + broken };
    /** @type {string[]} */
    const failed = (found?.testResults ?? []).flatMap((/** @type {any} */ file) => {
      const where = path.relative(root, file.name);
      const tests = file.assertionResults.filter((/** @type {any} */ test) => test.status === "failed");
      if (file.status === "failed" && tests.length === 0) return [`${where}: ${firstLine(file.message)}`];
      return tests.map((/** @type {any} */ test) => `${where}: ${test.fullName}: ${firstLine(test.failureMessages[0])}`);
    });
    return { output, counts: honest(counts, code), failed };
  });
}

function endToEnd() {
  return section("end to end", async () => {
    const report = path.join(reports, "end-to-end.json");
    const env = { PLAYWRIGHT_JSON_OUTPUT_FILE: report };
    const { code, output } = await runNode("node_modules/@playwright/test/cli.js", ["test", "--reporter=list,json"], env);
    const found = readReport(report);
    const counts = found && { passed: found.stats.expected + found.stats.flaky, failed: found.stats.unexpected };
    /** @type {string[]} */
    /** @type {(suite: any) => string[]} */
    const failedOf = (suite) => [
      ...suite.specs.filter((/** @type {any} */ spec) => !spec.ok).map((/** @type {any} */ spec) => `${suite.file}: ${spec.title}`),
      ...(suite.suites ?? []).flatMap(failedOf),
    ];
    /** @type {string[]} */
    const failed = (found?.suites ?? []).flatMap(failedOf);
    return { output, counts: honest(counts, code), failed };
  });
}

/** Says on a line of its own why something was not tested. In CI everything has to be. @returns {Counts} */
function missing(/** @type {string} */ what) {
  const failed = process.env.CI ? 1 : 0;
  if (failed > 0) failures.push(what);
  process.stdout.write(`\n━━ ${what}\n`);
  return { passed: 0, failed };
}

await setUp({ built: true });
const [browser, postgres] = [await ensureBrowser(), await ensurePostgres()];

const checks = async () => [
  await check("types", "node_modules/typescript/bin/tsc", ["--noEmit"]),
  await check("lint", "node_modules/eslint/bin/eslint.js", ["."]),
  await check("format", "node_modules/prettier/bin/prettier.cjs", ["--check", "."]),
];
const tests = async () => [
  await vitest("unit", "unit"),
  await vitest("integration on PGlite", "integration"),
  postgres
    ? await vitest("integration on PostgreSQL", "integration", { TEST_DATABASE: "postgres" })
    : missing("PostgreSQL is not installed and could not be: the integration tests ran on PGlite alone"),
  await vitest("processes", "processes", {}, ["--no-file-parallelism"]),
  browser
    ? await endToEnd()
    : { passed: 0, failed: missing("There is no browser and none could be installed: no end-to-end tests ran").failed || 1 },
];

// Side by side: the checks keep one core busy, the tests mostly wait.
const counts = (await Promise.all([checks(), tests()])).flat();
const sum = (/** @type {"passed" | "failed"} */ key) => counts.reduce((total, count) => total + count[key], 0);
for (const failure of failures) process.stdout.write(`\nFAILED ${failure}`);
process.stdout.write(`\n${sum("passed")} passed, ${sum("failed")} failed\n`);
process.exitCode = sum("failed") === 0 ? 0 : 1;
