// @ts-check
// Runs another program for a set-up step or a check.
import { spawn } from "node:child_process";
import path from "node:path";

/** How Node runs the product, as `npm start` and the image have it: why, says the README's decisions. */
export const productFlags = ["--max-semi-space-size=16", "--heap-growing-percent=100", "--enable-source-maps"];

export const root = path.resolve(import.meta.dirname, "..");

/** Set-up says what it does on standard error: standard output belongs to the command itself. */
export function say(/** @type {string} */ line) {
  process.stderr.write(`• ${line}\n`);
}

/**
 * Runs a program in the project's folder to its end and collects what it printed.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {Record<string, string>} [env] added to this process' environment
 * @returns {Promise<{ code: number; output: string }>}
 */
export function run(command, args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
    child.on("error", (error) => resolve({ code: 127, output: `${command}: ${error.message}\n` }));
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

/** The same with this Node: `file` is a path in the project, such as an installed program's entry. */
export function runNode(/** @type {string} */ file, /** @type {readonly string[]} */ args, /** @type {Record<string, string>} */ env = {}) {
  return run(process.execPath, [path.join(root, file), ...args], env);
}

/**
 * Stops this process in good order when npm was told to stop: npm passes a signal to its shell, and most shells just die of it.
 * The sign is a new parent process.
 */
export function stopWithNpm() {
  if (!process.env.npm_lifecycle_event) return;
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(watch);
    process.kill(process.pid, "SIGTERM");
  }, 250);
  watch.unref();
}
