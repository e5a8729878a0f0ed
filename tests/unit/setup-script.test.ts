// The set-up script, run by a real shell: each agent is a stand-in that keeps what it was told.
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { afterEach, beforeEach, expect, it } from "vitest";

import { setupScript } from "#server/http/setup-script.ts";

const origin = "https://gate.example.com";
const url = `${origin}/mcp/agent`;
let home: string;

beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), "gatehouse-"));
  mkdirSync(path.join(home, "bin"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** An agent's command: notes its words, keeps "added" between runs, and swallows standard input as a greedy program does. */
function standIn(name: string, { fails = false } = {}): void {
  const file = path.join(home, "bin", name);
  const body = `#!/bin/sh
cat >/dev/null
printf '%s\\n' "${name} $*" >> "$HOME/calls"
kept="$HOME/${name}.kept"
case "$1 $2" in
  "mcp get") [ -f "$kept" ] && cat "$kept" ;;
  "mcp remove") rm -f "$kept" ;;
  *) ${fails ? "echo no disk >&2; exit 3" : `printf '%s\\n' "$*" > "$kept"`} ;;
esac
`;
  writeFileSync(file, body);
  chmodSync(file, 0o755);
}

function run(...args: string[]) {
  const env = { PATH: `${home}/bin:/usr/bin:/bin`, HOME: home, NODE_ENV: "test" as const };
  const { status, stdout, stderr } = spawnSync("sh", ["-s", "--", ...args], { input: setupScript(origin) ?? "", env, encoding: "utf8" });
  return { status, stdout, stderr };
}

const calls = () => (existsSync(path.join(home, "calls")) ? readFileSync(path.join(home, "calls"), "utf8").trimEnd().split("\n") : []);

it("adds Gatehouse by each agent's own command, once, and takes it away again", () => {
  for (const name of ["claude", "codex", "code"]) standIn(name);
  const first = run();
  expect(first).toMatchObject({ status: 0, stderr: "" });
  expect(calls()).toEqual([
    "claude mcp get gatehouse",
    `claude mcp add --transport http --scope user gatehouse ${url}`,
    `code --add-mcp {"name":"gatehouse","type":"http","url":"${url}"}`,
    "codex mcp get gatehouse",
    `codex mcp add gatehouse --url ${url}`,
  ]);
  expect(first.stdout).toContain("+ Claude Code: added. Sign in: claude mcp login gatehouse");
  const again = run();
  expect(again.stdout).toContain("= Claude Code: already there.");
  expect(calls().filter((call) => call.startsWith("claude mcp add"))).toHaveLength(1);
  const back = run("--remove");
  expect(back).toMatchObject({ status: 0, stderr: "" });
  expect(back.stdout).toContain("+ Codex: removed.");
  expect(calls()).toContain("claude mcp remove --scope user gatehouse");
  expect(run("--remove").stdout).toContain("= Claude Code: nothing to remove.");
});

it("reads what opencode and Gemini CLI keep in files, which have no command that tells", () => {
  for (const name of ["opencode", "gemini"]) standIn(name);
  mkdirSync(path.join(home, ".config/opencode"), { recursive: true });
  mkdirSync(path.join(home, ".gemini"));
  const opencode = { mcp: { gatehouse: { type: "remote", url } } };
  writeFileSync(path.join(home, ".config/opencode/opencode.jsonc"), JSON.stringify(opencode, null, 2));
  writeFileSync(
    path.join(home, ".gemini/settings.json"),
    JSON.stringify({ mcpServers: { gatehouse: { url: "https://other.example.com" } } }, null, 2),
  );
  const { status, stdout } = run();
  expect(status).toBe(1);
  expect(stdout).toContain("= opencode: already there.");
  expect(stdout).toContain("! Gemini CLI: has another server named gatehouse");
  expect(calls()).toEqual([]);
});

it("leaves another server of the same name alone, goes on past a failure, and ends with 1", () => {
  for (const name of ["claude", "gemini"]) standIn(name, { fails: name === "gemini" });
  writeFileSync(path.join(home, "claude.kept"), "https://elsewhere.example.com/mcp");
  const { status, stdout } = run();
  expect(status).toBe(1);
  expect(stdout).toContain("! Claude Code: has another server named gatehouse");
  expect(stdout).toContain("! Gemini CLI: that failed.");
  expect(calls().some((call) => call.startsWith("claude mcp add"))).toBe(false);
  expect(run("--remove").stdout).toContain("its gatehouse is another server");
});

it("says where to go when there is no agent, and refuses what it does not know", () => {
  expect(run().stdout).toContain(`See ${origin}/agents`);
  expect(run("--force")).toMatchObject({ status: 2, stdout: "" });
});

it("is never written for an address that a shell could take for more than an address", () => {
  for (const hostile of [
    "https://a.example.com';id;'",
    "https://$(id)",
    "https://a`id`",
    "https://a b",
    "https://a\n",
    "ftp://a",
    "https://a/b",
  ])
    expect(setupScript(hostile), hostile).toBeNull();
  for (const plain of ["http://localhost:3000", "http://[::1]:3000", "https://gate.example.com"])
    expect(setupScript(plain)).toContain(plain);
});

it("does nothing when its download breaks off", () => {
  standIn("claude");
  const whole = setupScript(origin) ?? "";
  for (let length = 0; length < whole.length - "exit".length * 4; length += 97)
    spawnSync("sh", [], { input: whole.slice(0, length), env: { PATH: `${home}/bin:/usr/bin:/bin`, HOME: home, NODE_ENV: "test" } });
  expect(calls()).toEqual([]);
});

it.runIf(existsSync("/usr/bin/shellcheck"))("is clean for shellcheck", () => {
  expect(execFileSync("shellcheck", ["-s", "sh", "-"], { input: setupScript(origin) ?? "", encoding: "utf8" })).toBe("");
});
