// What to paste where, for each agent: sign-in by URL first, a token for those that cannot.
import { snippets, type Way } from "./snippets.ts";
import { ButtonLink } from "./ui/button.tsx";
import { CodeBlock } from "./ui/copy.tsx";
import { type Tab, Tabs } from "./ui/tabs.tsx";

function Instructions({ way: { steps, code, link }, what }: { way: Way; what: string }) {
  return (
    <div className="space-y-3">
      {steps.length === 1 ? (
        <p className="text-muted">{steps[0]}</p>
      ) : (
        <ol className="list-decimal space-y-0.5 pl-5 text-muted">
          {steps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
      )}
      {link && (
        <ButtonLink to={link.href} kind="primary" size="sm">
          {link.label}
        </ButtonLink>
      )}
      {code && <CodeBlock code={code} what={what} />}
    </div>
  );
}

/** `token` is filled in while it is shown once, else a placeholder stands there. */
export function AgentSnippets({ origin, token }: { origin: string; token: string | null }) {
  const tabs = snippets(origin, token ?? undefined).map(({ id, name, signIn, withToken }): Tab => {
    const content = (
      <div className="space-y-4">
        <Instructions way={signIn} what={`Set-up for ${name}`} />
        {withToken ? (
          <details open={token !== null} className="rounded-lg border border-line px-3.5 py-2.5">
            <summary className="cursor-pointer font-medium">With a token instead</summary>
            <div className="mt-3">
              <Instructions way={withToken} what={`Set-up for ${name} with a token`} />
              {token === null && <p className="mt-2 text-xs text-muted">Create a token below; it is filled in here then.</p>}
            </div>
          </details>
        ) : (
          <p className="text-xs text-muted">{name} signs in by itself; it takes no token.</p>
        )}
      </div>
    );
    return { id, name, content };
  });
  const [first, ...others] = tabs;
  return first && <Tabs label="Agent" tabs={[first, ...others]} />;
}
