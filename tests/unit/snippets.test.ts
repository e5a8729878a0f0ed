// What the Agents page tells people to paste: valid in the language it is in, and nothing of the address runs in a shell.
import { execFileSync } from "node:child_process";

import { expect, it } from "vitest";

import { type Snippet, snippets } from "#app/components/snippets.ts";

const origin = "https://gate.example.com";
const url = `${origin}/mcp/agent`;
const token = "gth_abc";

function find(all: readonly Snippet[], id: string): Snippet {
  const found = all.find((snippet) => snippet.id === id);
  if (!found) throw new Error(`There is no ${id}.`);
  return found;
}

/** The words a POSIX shell makes of a command. */
function words(command: string): string[] {
  const [, ...rest] = command.split(" ");
  return execFileSync("sh", ["-c", `printf '%s\\n' ${rest.join(" ")}`], { encoding: "utf8" })
    .trimEnd()
    .split("\n");
}

it("knows every agent, each with the URL, and the token only where it was asked for", () => {
  const all = snippets(origin, token);
  expect(all.map(({ id }) => id)).toEqual(
    "claude-code codex cursor vscode claude-desktop claude-ai chatgpt opencode gemini windsurf zed json".split(" "),
  );
  for (const { id, signIn, withToken } of all) {
    expect(signIn.code, id).toContain(url);
    expect(JSON.stringify(signIn), id).not.toContain(token);
    if (withToken) expect(withToken.code, id).toContain(token);
  }
});

it("writes JSON that parses and carries the header", () => {
  const all = snippets(origin, token);
  for (const id of ["cursor", "vscode", "opencode", "windsurf", "zed", "json"])
    expect(JSON.stringify(JSON.parse(find(all, id).withToken?.code ?? "")), id).toContain(`"Authorization":"Bearer ${token}"`);
  for (const id of ["cursor", "windsurf", "zed", "json"])
    expect(JSON.stringify(JSON.parse(find(all, id).signIn.code ?? ""))).toContain(url);
});

it("writes links that the editors can read back", () => {
  const all = snippets(origin);
  const cursor = new URL(find(all, "cursor").signIn.link?.href ?? "");
  expect(JSON.parse(Buffer.from(cursor.searchParams.get("config") ?? "", "base64").toString())).toEqual({ url });
  const vscode = find(all, "vscode").signIn.link?.href.replace("vscode:mcp/install?", "") ?? "";
  expect(JSON.parse(decodeURIComponent(vscode))).toEqual({ name: "gatehouse", type: "http", url });
});

it("writes commands whose words reach the agent as they are meant, whatever the address holds", () => {
  const hostile = "https://gate.example.com/$(touch x)'; echo `id` #";
  for (const id of ["claude-code", "codex", "opencode", "gemini"]) {
    const [command = ""] = find(snippets(hostile), id).signIn.code?.split("\n") ?? [];
    expect(words(command), id).toContain(`${hostile}/mcp/agent`);
  }
  const [, ...given] = words(find(snippets(hostile), "vscode").signIn.code ?? "");
  expect(JSON.parse(given.join(" "))).toMatchObject({ url: `${hostile}/mcp/agent` });
});

it("escapes what Codex's file takes as TOML", () => {
  expect(find(snippets('https://gate.example.com/"\\'), "codex").withToken?.code).toContain(
    'url = "https://gate.example.com/\\"\\\\/mcp/agent"',
  );
});
