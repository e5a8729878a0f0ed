// Runs an agent: in a home of its own, in a pseudo-terminal where it wants one, with a "browser" that only notes what it is asked to open.
import { spawn } from "node:child_process";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";

export interface Home {
  folder: string;
  env: Record<string, string>;
  /** The addresses the agent wanted a browser to open, one a line. */
  opened: string;
}

export interface Run {
  code: number | null;
  output: string;
}

interface Options {
  terminal?: boolean;
  seconds?: number;
  env?: Record<string, string>;
  /** Called once, with the first sign-in address the program shows or opens. */
  onSignIn?: (url: string) => Promise<void>;
  /** Called with all that was printed, at first with nothing; writes to standard input. */
  say?: (output: string, write: (line: string) => void) => void;
  /** Ends the program as soon as this was printed: for those that stay. */
  until?: RegExp;
}

const escapes = /\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b\[[0-9;?]*[a-zA-Z]/g;

/** A fresh home below `base`. */
export async function makeHome(base: string, name: string): Promise<Home> {
  const folder = path.join(base, name);
  const bin = path.join(folder, "bin");
  const opened = path.join(folder, "opened");
  await mkdir(bin, { recursive: true });
  await writeFile(opened, "");
  for (const browser of ["xdg-open", "open", "browser"]) {
    await writeFile(path.join(bin, browser), '#!/bin/sh\nprintf "%s\\n" "$1" >> "$GATEHOUSE_OPENED"\n');
    await chmod(path.join(bin, browser), 0o755);
  }
  const env = {
    PATH: `${bin}:${path.dirname(process.execPath)}:/usr/bin:/bin`,
    HOME: folder,
    BROWSER: path.join(bin, "browser"),
    GATEHOUSE_OPENED: opened,
    DISABLE_AUTOUPDATER: "1",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    OPENCODE_DISABLE_AUTOUPDATE: "1",
  };
  return { folder, env, opened };
}

/** Runs a program to its end, or for `seconds`. Never throws: how it went is judged on the wire. */
export async function runProgram(
  home: Home,
  origin: string,
  command: string,
  args: readonly string[],
  options: Options = {},
): Promise<Run> {
  const { terminal = false, seconds = 45, onSignIn, say, until } = options;
  const line = terminal ? ["python3", path.join(import.meta.dirname, "terminal.py"), command, ...args] : [command, ...args];
  // What was opened in a run before is over.
  await writeFile(home.opened, "");
  const child = spawn(line[0] ?? "", line.slice(1), {
    cwd: home.folder,
    env: { NODE_ENV: "production", ...home.env, ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => {});
  const write = (line: string) => child.stdin.write(`${line}\n`);
  if (say) say("", write);
  else child.stdin.end();
  let output = "";
  let signingIn = false;
  const address = new RegExp(`${origin.replaceAll(/[.:/]/g, "\\$&")}/(?:authorize|device)\\?[A-Za-z0-9_.~%&=+:/-]+`);
  const look = async () => {
    if (until?.test(output)) child.kill("SIGTERM");
    if (!onSignIn || signingIn) return;
    const url = address.exec(output)?.[0] ?? address.exec(await readFile(home.opened, "utf8"))?.[0];
    // Read again: an answer may have come while the file was read.
    if (!url || signingIn) return;
    signingIn = true;
    await onSignIn(url).catch((error: unknown) => (output += `\n[sign-in failed: ${String(error)}]`));
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).replaceAll(escapes, "");
      say?.(output, write);
    });
  }
  const watch = setInterval(() => void look(), 250);
  const end = setTimeout(() => child.kill("SIGTERM"), seconds * 1_000);
  const kill = setTimeout(() => child.kill("SIGKILL"), (seconds + 5) * 1_000);
  const code = await new Promise<number | null>((resolve) => {
    child.once("error", (error) => {
      output += String(error);
      resolve(127);
    });
    child.once("close", resolve);
  });
  clearInterval(watch);
  for (const timer of [end, kill]) clearTimeout(timer);
  return { code, output };
}
