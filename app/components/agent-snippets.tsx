// What to paste where, for each agent, with this Gatehouse's address filled in.
import { CodeBlock } from "./ui/copy.tsx";
import { type Tab, Tabs } from "./ui/tabs.tsx";

const placeholder = "gth_YOUR_TOKEN";

interface Snippet {
  id: string;
  name: string;
  how: string;
  code: string;
}

function toTab({ id, name, how, code }: Snippet): Tab {
  const content = (
    <>
      <p className="mb-2 text-muted">{how}</p>
      <CodeBlock code={code} what={`Set-up for ${name}`} />
    </>
  );
  return { id, name, content };
}

function snippetsFor(url: string, token: string): [Tab, ...Tab[]] {
  const json = (value: object) => JSON.stringify(value, null, 2);
  const headers = { Authorization: `Bearer ${token}` };
  const claudeCode = {
    id: "claude-code",
    name: "Claude Code",
    how: "Run this in a terminal.",
    code: `claude mcp add --transport http gatehouse ${url} \\\n  --header "Authorization: Bearer ${token}"`,
  };
  const others = [
    {
      id: "codex",
      name: "Codex",
      how: "Run this in a terminal. Codex reads the token from the environment each time it starts.",
      code: `export GATEHOUSE_TOKEN=${token}\ncodex mcp add gatehouse --url ${url} \\\n  --bearer-token-env-var GATEHOUSE_TOKEN`,
    },
    { id: "cursor", name: "Cursor", how: "Add this to ~/.cursor/mcp.json.", code: json({ mcpServers: { gatehouse: { url, headers } } }) },
    {
      id: "vscode",
      name: "VS Code",
      how: "Add this to .vscode/mcp.json.",
      code: json({ servers: { gatehouse: { type: "http", url, headers } } }),
    },
    {
      id: "json",
      name: "Any other",
      how: "Most other clients take this form.",
      code: json({ mcpServers: { gatehouse: { type: "http", url, headers } } }),
    },
  ];
  return [toTab(claudeCode), ...others.map(toTab)];
}

/** `token` is filled in while it is shown once, else a placeholder stands there. */
export function AgentSnippets({ url, token }: { url: string; token: string | null }) {
  return (
    <div>
      <Tabs label="Agent" tabs={snippetsFor(url, token ?? placeholder)} />
      {token === null && (
        <p className="mt-3 text-xs text-muted">
          Put a token in place of <code className="font-mono">{placeholder}</code>.
        </p>
      )}
    </div>
  );
}
