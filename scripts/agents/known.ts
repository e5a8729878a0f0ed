// The agents that are tried, and how each is told about Gatehouse, signed in, and made to list and call what it can without a model.
import path from "node:path";

import { type Home, type Run, runProgram } from "./program.ts";

export interface Trial {
  url: string;
  origin: string;
  /** The folder the agents are installed in. */
  installed: string;
  home: Home;
  /** The capability to execute. */
  capability: string;
  letIn: (url: string) => Promise<void>;
}

export interface Agent {
  name: string;
  /** name@version: what is installed for it. */
  package: string;
  /** Its model decides when tools are called, and there is none here. */
  needsModel?: boolean;
  note?: string;
  /** Its metadata document lies on the internet: it is made to register instead. */
  withoutDocument?: boolean;
  run: (trial: Trial) => Promise<Run[]>;
}

/** No install script runs: these two only move the binary of the platform's own package, which is started directly. */
const platform = `${process.platform}-${process.arch}`;

const bin = (trial: Trial, name: string) => path.join(trial.installed, "node_modules/.bin", name);
const native = (trial: Trial, file: string) => path.join(trial.installed, "node_modules", file);

/** Runs commands one after the other. The first that shows a sign-in address gets it done. */
async function inTurn(
  trial: Trial,
  command: string,
  steps: readonly (readonly string[])[],
  options: Parameters<typeof runProgram>[4] = {},
) {
  const runs: Run[] = [];
  for (const args of steps) runs.push(await runProgram(trial.home, trial.origin, command, args, { onSignIn: trial.letIn, ...options }));
  return runs;
}

const rpc = (id: number, method: string, params: object) => JSON.stringify({ jsonrpc: "2.0", id, method, params });
const searching = { name: "search_capabilities", arguments: { query: "echo" } };
const executing = (capability: string) => ({ name: "execute_capability", arguments: { name: capability, arguments: { text: "hello" } } });

/** Says one line after the other over standard input, each once the one before was answered; they have the ids 101, 102, ... */
function conversation(lines: readonly ((output: string) => string)[]) {
  let said = 0;
  const say = (output: string, write: (line: string) => void) => {
    while (said < lines.length && (said === 0 || new RegExp(`"id":${100 + said}[,}]`).test(output))) {
      write(lines[said]?.(output) ?? "");
      said += 1;
    }
  };
  return { say, until: new RegExp(`"id":${100 + lines.length}[,}]`) };
}

/** mcp-remote as a local server: handshake, list and both calls over its standard input. */
function throughProxy(args: readonly string[]) {
  return async (trial: Trial): Promise<Run[]> => {
    const initialize = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "mcp-remote-judge", version: "1" } };
    const talk = conversation([
      () => rpc(101, "initialize", initialize),
      () => `${JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" })}\n${rpc(102, "tools/list", {})}`,
      () => rpc(103, "tools/call", searching),
      () => rpc(104, "tools/call", executing(trial.capability)),
    ]);
    const options = { env: { MCP_REMOTE_CONFIG_DIR: trial.home.folder }, ...talk };
    return inTurn(trial, bin(trial, "mcp-remote"), [[trial.url, "--allow-http", ...args]], options);
  };
}

/** Codex, driven as its editors drive it: the tools listed and both called without a model. */
function throughAppServer(trial: Trial): Promise<Run[]> {
  const threadOf = (output: string) => /"thread":\{"id":"([^"]+)"/.exec(output)?.[1];
  const call = (id: number, output: string, { name, arguments: given }: { name: string; arguments: object }) =>
    rpc(id, "mcpServer/tool/call", { threadId: threadOf(output), server: "gatehouse", tool: name, arguments: given });
  const talk = conversation([
    () => rpc(101, "initialize", { clientInfo: { name: "gatehouse-judge", title: "Judge", version: "1" } }),
    () => `${JSON.stringify({ jsonrpc: "2.0", method: "initialized" })}\n${rpc(102, "mcpServerStatus/list", {})}`,
    () => rpc(103, "thread/start", {}),
    (output) => call(104, output, searching),
    (output) => call(105, output, executing(trial.capability)),
  ]);
  return inTurn(trial, bin(trial, "codex"), [["app-server"]], talk);
}

const library = (kind: string) => (trial: Trial) =>
  inTurn(trial, process.execPath, [[path.join(import.meta.dirname, "library.mjs"), kind, trial.url, trial.installed]], {
    env: { CAPABILITY: trial.capability },
  });

export const agents: readonly Agent[] = [
  {
    name: "Claude Code",
    package: "@anthropic-ai/claude-code@2.1.330",
    needsModel: true,
    note: "CIMD hidden from it",
    withoutDocument: true,
    run: (trial) =>
      inTurn(
        trial,
        native(trial, `@anthropic-ai/claude-code-${platform}/claude`),
        [
          ["mcp", "add", "--transport", "http", "--scope", "user", "gatehouse", trial.url],
          ["mcp", "login", "gatehouse"],
          ["mcp", "list"],
        ],
        { terminal: true },
      ),
  },
  {
    name: "Codex",
    package: "@openai/codex@0.169.0",
    note: "CIMD hidden from it; called through its app server, as editors do",
    withoutDocument: true,
    run: async (trial) => {
      // It signs in as soon as it is added.
      const steps = [["mcp", "add", "gatehouse", "--url", trial.url]];
      return [...(await inTurn(trial, bin(trial, "codex"), steps, { terminal: true })), ...(await throughAppServer(trial))];
    },
  },
  {
    name: "opencode",
    package: "opencode-ai@1.18.33",
    needsModel: true,
    run: (trial) =>
      inTurn(
        trial,
        native(trial, `opencode-${platform}/bin/opencode`),
        [
          ["mcp", "add", "gatehouse", "--url", trial.url],
          ["mcp", "auth", "gatehouse"],
          ["mcp", "list"],
        ],
        { terminal: true },
      ),
  },
  { name: "mcp-remote", package: "mcp-remote@0.15.1", run: throughProxy([]) },
  { name: "mcp-remote, protocol auto", package: "mcp-remote@0.15.1", run: throughProxy(["--protocol", "auto"]) },
  { name: "mcp-remote, device code", package: "mcp-remote@0.15.1", run: throughProxy(["--device-code"]) },
  {
    name: "Inspector CLI",
    package: "@modelcontextprotocol/inspector@2.12.0",
    run: (trial) => {
      const call = (tool: string, ...given: string[]) => [
        ...["--method", "tools/call", "--tool-name", tool],
        ...given.flatMap((argument) => ["--tool-arg", argument]),
      ];
      const steps = [
        ["--method", "tools/list", "--strict"],
        call("search_capabilities", "query=echo"),
        call("execute_capability", `name=${trial.capability}`, 'arguments={"text":"hello"}'),
      ].map((step) => ["--cli", trial.url, "--transport", "http", "--protocol-era", "auto", ...step]);
      return inTurn(trial, bin(trial, "mcp-inspector"), steps, {
        env: { MCP_AUTO_OPEN_ENABLED: "true", MCP_INSPECTOR_SECRET_STORE: "file" },
      });
    },
  },
  {
    name: "mcporter",
    package: "mcporter@0.12.3",
    run: (trial) => {
      const call = (tool: string, given: object) => ["call", `gatehouse.${tool}`, "--args", JSON.stringify(given)];
      const steps = [
        ["config", "add", "gatehouse", "--url", trial.url, "--allow-http", "--auth", "oauth"],
        ["auth", "gatehouse"],
        ["list", "gatehouse"],
        call("search_capabilities", { query: "echo" }),
        call("execute_capability", { name: trial.capability, arguments: { text: "hello" } }),
      ];
      return inTurn(trial, bin(trial, "mcporter"), steps);
    },
  },
  { name: "AI SDK", package: "@ai-sdk/mcp@2.0.99", run: library("ai-sdk") },
  { name: "LangChain adapters", package: "@langchain/mcp-adapters@1.1.4", run: library("langchain") },
];
