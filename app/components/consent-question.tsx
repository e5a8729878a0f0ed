// The two questions of letting an agent in: may it do this, and in which organization? Inside the form of the page that asks.
import { Button } from "./ui/button.tsx";
import { Choice } from "./ui/choice.tsx";

const scopeWords: Record<string, string> = {
  "mcp:read": "Search what you can use, and read Gatehouse's own answers",
  "mcp:write": "Call the tools of your connections, as you",
};

export function WhatItMay({ scopes }: { scopes: readonly string[] }) {
  return (
    <div>
      <p className="mb-1.5 font-medium">It may</p>
      <ul className="list-disc space-y-1 pl-5 text-muted">
        {scopes.map((scope) => (
          <li key={scope}>{scopeWords[scope] ?? scope}</li>
        ))}
      </ul>
    </div>
  );
}

/** Where it may; one organization is told, several are a choice (`organization`). */
export function InWhich({ organizations }: { organizations: readonly { id: string; name: string; current: boolean }[] }) {
  const [first, ...others] = organizations;
  if (others.length > 0) {
    return (
      <fieldset className="min-w-0 space-y-2">
        <legend className="mb-1.5 font-medium">In which organization?</legend>
        {organizations.map(({ id, name, current }) => (
          <Choice key={id} type="radio" name="organization" value={id} defaultChecked={current} label={name} />
        ))}
      </fieldset>
    );
  }
  return (
    <>
      <input type="hidden" name="organization" value={first?.id} />
      <p className="text-muted">
        In <span className="font-medium wrap-anywhere text-ink">{first?.name}</span>.
      </p>
    </>
  );
}

/** The answer (`decision`: "allow" or "deny"). */
export function Answers() {
  return (
    <div className="flex gap-2">
      <Button type="submit" name="decision" value="deny" className="flex-1">
        Refuse
      </Button>
      <Button type="submit" name="decision" value="allow" kind="primary" className="flex-1">
        Allow
      </Button>
    </div>
  );
}
