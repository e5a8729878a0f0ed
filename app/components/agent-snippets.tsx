// What to paste where, for each agent, with this Gatehouse's address filled in.
import { Tabs } from "radix-ui";

import { CopyBlock } from "./ui/copy.tsx";

interface Snippet {
  id: string;
  name: string;
  how: string;
  text: string;
}

function snippetsFor(url: string, token: string): Snippet[] {
  const json = (value: object) => JSON.stringify(value, null, 2);
  const headers = { Authorization: `Bearer ${token}` };
  return [
    { id: "claude", name: "Claude Code", how: "Run this in a terminal.", text: `claude mcp add --transport http gatehouse ${url} --header "Authorization: Bearer ${token}"` },
    {
      id: "codex",
      name: "Codex",
      how: "Put the token into your environment, then run the second line.",
      text: `export GATEHOUSE_TOKEN=${token}\ncodex mcp add gatehouse --url ${url} --bearer-token-env-var GATEHOUSE_TOKEN`,
    },
    { id: "cursor", name: "Cursor", how: "Add this to ~/.cursor/mcp.json.", text: json({ mcpServers: { gatehouse: { url, headers } } }) },
    { id: "vscode", name: "VS Code", how: "Add this to .vscode/mcp.json.", text: json({ servers: { gatehouse: { type: "http", url, headers } } }) },
    { id: "json", name: "Other", how: "Most clients take this form.", text: json({ mcpServers: { gatehouse: { type: "http", url, headers } } }) },
  ];
}

export function AgentSnippets({ url, token }: { url: string; token: string | null }) {
  const snippets = snippetsFor(url, token ?? "gth_YOUR_TOKEN");
  return (
    <Tabs.Root defaultValue="claude">
      <Tabs.List aria-label="Agent" className="mb-4 flex gap-1 overflow-x-auto border-b border-line">
        {snippets.map(({ id, name }) => (
          <Tabs.Trigger
            key={id}
            value={id}
            className="-mb-px border-b-2 border-transparent px-3 py-2 text-sm font-medium whitespace-nowrap text-soft -outline-offset-2 hover:text-ink data-[state=active]:border-accent data-[state=active]:text-accent"
          >
            {name}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {snippets.map(({ id, name, how, text }) => (
        <Tabs.Content key={id} value={id} className="grid gap-2">
          <p className="text-sm text-soft">{how}</p>
          <CopyBlock text={text} label={`Set-up for ${name}`} />
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
}
