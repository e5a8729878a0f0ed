// What each agent wants to be told about this Gatehouse: the command, the file or the link in the form it takes today.

/** One way to connect one agent. */
export interface Way {
  /** What to do with it, in order. */
  steps: string[];
  /** What to run or paste; some need nothing but the steps. */
  code?: string;
  /** Opens the agent itself and lets it ask. */
  link?: { label: string; href: string };
}

export interface Snippet {
  id: string;
  name: string;
  /** With the URL alone: the agent opens a browser. */
  signIn: Way;
  /** With a token of the person's; null where the agent takes none. */
  withToken: Way | null;
}

const name = "gatehouse";
const json = (value: object) => JSON.stringify(value, null, 2);
/** Base64 of UTF-8, in the browser as on the server. */
const base64 = (text: string) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
/** One word for a POSIX shell, whatever is in it. */
export const quoted = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);
/** A string in TOML (a basic string takes the escapes of JSON). */
const toml = (text: string) => JSON.stringify(text);

const run = "Run this in a terminal.";
const addTo = (file: string) => `Add this to ${file}.`;

/** Every agent that is known, the URL and a token (or what stands for one) filled in. */
export function snippets(origin: string, token = "gth_YOUR_TOKEN"): readonly [Snippet, ...Snippet[]] {
  const url = `${origin}/mcp/agent`;
  const address = quoted(url);
  const bearer = `Bearer ${token}`;
  const headers = { Authorization: bearer };
  const cursorLink = `cursor://anysphere.cursor-deeplink/mcp/install?name=${name}&config=${encodeURIComponent(base64(JSON.stringify({ url })))}`;
  const vscodeServer = { name, type: "http", url };
  const connector = "Gatehouse has to be reachable from the internet for this.";
  return [
    {
      id: "claude-code",
      name: "Claude Code",
      signIn: {
        steps: [run, "Then /mcp in Claude Code opens the browser, or the second command does."],
        code: `claude mcp add --transport http --scope user ${name} ${address}\nclaude mcp login ${name}`,
      },
      withToken: {
        steps: [run],
        code: `claude mcp add --transport http --scope user ${name} ${address} \\\n  --header ${quoted(`Authorization: ${bearer}`)}`,
      },
    },
    {
      id: "codex",
      name: "Codex",
      signIn: {
        steps: [run, "It opens a browser for the sign-in; codex mcp login gatehouse does so again."],
        code: `codex mcp add ${name} --url ${address}`,
      },
      withToken: {
        steps: ["Add this to ~/.codex/config.toml.", "Codex reads the token from the environment each time it starts."],
        code: `# export GATEHOUSE_TOKEN=${quoted(token)}\n[mcp_servers.${name}]\nurl = ${toml(url)}\nbearer_token_env_var = "GATEHOUSE_TOKEN"`,
      },
    },
    {
      id: "cursor",
      name: "Cursor",
      signIn: {
        steps: [
          "Open the link and confirm, or add this to ~/.cursor/mcp.json.",
          "Press Connect beside gatehouse in Cursor's MCP settings.",
        ],
        code: json({ mcpServers: { [name]: { url } } }),
        link: { label: "Add to Cursor", href: cursorLink },
      },
      withToken: { steps: [addTo("~/.cursor/mcp.json")], code: json({ mcpServers: { [name]: { url, headers } } }) },
    },
    {
      id: "vscode",
      name: "VS Code",
      signIn: {
        steps: ["Open the link and confirm, or run this in a terminal.", "Start the server where VS Code lists it, and allow the sign-in."],
        code: `code --add-mcp ${quoted(JSON.stringify(vscodeServer))}`,
        link: { label: "Add to VS Code", href: `vscode:mcp/install?${encodeURIComponent(JSON.stringify(vscodeServer))}` },
      },
      withToken: { steps: [addTo(".vscode/mcp.json")], code: json({ servers: { [name]: { type: "http", url, headers } } }) },
    },
    {
      id: "claude-desktop",
      name: "Claude Desktop",
      signIn: {
        steps: [
          "Open Settings, then Connectors.",
          "Choose Add custom connector and paste the URL.",
          "Press Connect and sign in.",
          connector,
        ],
        code: url,
      },
      withToken: {
        steps: ["Open Settings, Developer, Edit Config, add this, and start Claude Desktop again.", "It needs Node.js on your computer."],
        code: json({
          mcpServers: {
            // The space stays out of the arguments: some clients split them at it.
            [name]: {
              command: "npx",
              args: ["-y", "mcp-remote", url, "--header", "Authorization:${AUTHORIZATION}"],
              env: { AUTHORIZATION: bearer },
            },
          },
        }),
      },
    },
    {
      id: "claude-ai",
      name: "claude.ai",
      signIn: {
        steps: [
          "Open Settings, then Connectors (for a team, an owner does this).",
          "Choose Add custom connector and paste the URL.",
          "Press Connect and sign in.",
          connector,
        ],
        code: url,
      },
      withToken: null,
    },
    {
      id: "chatgpt",
      name: "ChatGPT",
      signIn: {
        steps: [
          "Open Settings, Apps & Connectors, Advanced settings, and turn on Developer mode.",
          "Choose Create, paste the URL, and take OAuth as authentication.",
          "Sign in, then choose Gatehouse in a chat's tools.",
          connector,
        ],
        code: url,
      },
      withToken: null,
    },
    {
      id: "opencode",
      name: "opencode",
      signIn: {
        steps: [run, "A browser opens for the sign-in."],
        code: `opencode mcp add ${name} --url ${address}\nopencode mcp auth ${name}`,
      },
      withToken: {
        steps: [addTo("~/.config/opencode/opencode.json")],
        code: json({ $schema: "https://opencode.ai/config.json", mcp: { [name]: { type: "remote", url, oauth: false, headers } } }),
      },
    },
    {
      id: "gemini",
      name: "Gemini CLI",
      signIn: {
        steps: [run, "Then /mcp auth gatehouse in Gemini CLI opens the browser."],
        code: `gemini mcp add --scope user --transport http ${name} ${address}`,
      },
      withToken: {
        steps: [run],
        code: `gemini mcp add --scope user --transport http \\\n  --header ${quoted(`Authorization: ${bearer}`)} ${name} ${address}`,
      },
    },
    {
      id: "windsurf",
      name: "Windsurf",
      signIn: {
        steps: [addTo("~/.codeium/windsurf/mcp_config.json"), "Refresh the servers in Cascade's MCP settings and sign in."],
        code: json({ mcpServers: { [name]: { serverUrl: url } } }),
      },
      withToken: {
        steps: [addTo("~/.codeium/windsurf/mcp_config.json")],
        code: json({ mcpServers: { [name]: { serverUrl: url, headers } } }),
      },
    },
    {
      id: "zed",
      name: "Zed",
      signIn: {
        steps: ["Run the action zed: open settings file and add this.", "Press Authenticate beside gatehouse in Zed's MCP settings."],
        code: json({ context_servers: { [name]: { url } } }),
      },
      withToken: {
        steps: ["Run the action zed: open settings file and add this."],
        code: json({ context_servers: { [name]: { url, headers } } }),
      },
    },
    {
      id: "json",
      name: "Any other",
      signIn: { steps: ["Most other agents take this form."], code: json({ mcpServers: { [name]: { type: "http", url } } }) },
      withToken: { steps: ["Most other agents take this form."], code: json({ mcpServers: { [name]: { type: "http", url, headers } } }) },
    },
  ];
}
