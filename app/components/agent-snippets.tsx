// What to paste where, for each agent, with this Gatehouse's address filled in.
import { Tabs } from "radix-ui";

import { CodeBlock } from "./ui/copy.tsx";

const placeholder = "gth_YOUR_TOKEN";

function snippetsFor(url: string, token: string) {
  const json = (value: object) => JSON.stringify(value, null, 2);
  const headers = { Authorization: `Bearer ${token}` };
  return [
    { id: "claude-code", name: "Claude Code", how: "Run this in a terminal.", code: `claude mcp add --transport http gatehouse ${url} \\\n  --header "Authorization: Bearer ${token}"` },
    {
      id: "codex",
      name: "Codex",
      how: "Run this in a terminal. Codex reads the token from the environment each time it starts.",
      code: `export GATEHOUSE_TOKEN=${token}\ncodex mcp add gatehouse --url ${url} \\\n  --bearer-token-env-var GATEHOUSE_TOKEN`,
    },
    { id: "cursor", name: "Cursor", how: "Add this to ~/.cursor/mcp.json.", code: json({ mcpServers: { gatehouse: { url, headers } } }) },
    { id: "vscode", name: "VS Code", how: "Add this to .vscode/mcp.json.", code: json({ servers: { gatehouse: { type: "http", url, headers } } }) },
    { id: "json", name: "Any other", how: "Most other clients take this form.", code: json({ mcpServers: { gatehouse: { type: "http", url, headers } } }) },
  ];
}

/** `token` is filled in while it is shown once, else a placeholder stands there. */
export function AgentSnippets({ url, token }: { url: string; token: string | null }) {
  const snippets = snippetsFor(url, token ?? placeholder);
  return (
    <Tabs.Root defaultValue="claude-code">
      <Tabs.List aria-label="Agent" className="-mx-1 mb-4 flex gap-1 overflow-x-auto px-1 py-1">
        {snippets.map(({ id, name }) => (
          <Tabs.Trigger
            key={id}
            value={id}
            className="h-8 shrink-0 rounded-lg px-3 font-medium text-muted transition-colors hover:bg-hover hover:text-ink data-[state=active]:bg-accent-soft data-[state=active]:text-accent-ink"
          >
            {name}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {snippets.map(({ id, name, how, code }) => (
        <Tabs.Content key={id} value={id}>
          <p className="mb-2 text-muted">{how}</p>
          <CodeBlock code={code} what={`Set-up for ${name}`} />
        </Tabs.Content>
      ))}
      {token === null && (
        <p className="mt-3 text-xs text-muted">
          Put a token in place of <code className="font-mono">{placeholder}</code>.
        </p>
      )}
    </Tabs.Root>
  );
}
