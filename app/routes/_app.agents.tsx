// Hooking up agents: the one address, what to paste where, and the tokens.
import { type ActionFunctionArgs, data, type LoaderFunctionArgs } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { KeyRound } from "lucide-react";

import { orResponse, problemOf, signedIn } from "#app/api-error.ts";
import { AgentSnippets } from "#app/components/agent-snippets.tsx";
import { ProblemPanel } from "#app/components/problem-panel.tsx";
import { TokenList } from "#app/components/token-list.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { CopyBlock } from "#app/components/ui/copy.tsx";
import { Choice, Field } from "#app/components/ui/field.tsx";
import { Card, Notice, PageHeader } from "#app/components/ui/surface.tsx";
import { text } from "#app/form.ts";
import { paths } from "#app/paths.ts";

export const meta = () => [{ title: "Agents - Gatehouse" }];

export async function loader(args: LoaderFunctionArgs) {
  const { api, origin } = signedIn(args);
  return { tokens: await orResponse(api.agentToken.list()), url: `${origin}${paths.agentEndpoint}` };
}

const lifetimes = [
  { days: 7, label: "7 days" },
  { days: 30, label: "30 days" },
  { days: 90, label: "90 days" },
  { days: 365, label: "1 year" },
];

export async function action(args: ActionFunctionArgs) {
  const context = signedIn(args);
  const form = await args.request.formData();
  try {
    if (text(form, "intent") === "revoke") {
      await context.api.agentToken.revoke({ id: text(form, "id") });
      return { token: null, problem: null, revoked: true };
    }
    const scopes = form.get("write") === "1" ? (["mcp:read", "mcp:write"] as const) : (["mcp:read"] as const);
    const { token } = await context.api.agentToken.create({ name: text(form, "name"), scopes: [...scopes], expiresInDays: Number(text(form, "days")) });
    return { token, problem: null, revoked: false };
  } catch (error) {
    return data({ token: null, problem: problemOf(error, context), revoked: false }, 400);
  }
}

export default function Agents() {
  const { tokens, url } = useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>();
  const { state, formData } = useNavigation();
  const creating = state === "submitting" && formData?.get("intent") === "create";
  const fields = answer?.problem?.fields ?? {};
  return (
    <>
      <PageHeader title="Agents" about="Every agent gets this one address. It finds the tools of all your connections behind it." />
      <div className="grid gap-5">
        <Card title="The address">
          <CopyBlock text={url} label="Agent address" />
        </Card>
        <Card title="Create a token" about="A token lets an agent act as you, inside what you may use. It is shown once.">
          {answer?.token && (
            <div className="mb-5 grid gap-3 rounded-lg border border-good/40 bg-good-wash p-4">
              <p className="flex items-center gap-2 font-semibold text-good" role="status">
                <KeyRound aria-hidden className="size-4" /> Copy your token now: it is not shown again.
              </p>
              <CopyBlock text={answer.token} label="New token" />
            </div>
          )}
          {answer?.revoked && <Notice tone="good" role="status" title="The token is revoked. It stopped working at once." />}
          {answer?.problem && Object.keys(fields).length === 0 && <ProblemPanel problem={answer.problem} />}
          <Form key={answer?.token} method="post" className="mt-1 grid max-w-2xl gap-4">
            <input type="hidden" name="intent" value="create" />
            <div className="grid gap-4 sm:grid-cols-[1fr_10rem]">
              <Field label="Token name" name="name" required maxLength={80} placeholder="Claude Code on my laptop" error={fields.name} />
              <Field label="Valid for" error={fields.expiresInDays}>
                {({ id, describedBy, className }) => (
                  <select id={id} aria-describedby={describedBy} name="days" defaultValue="90" className={className}>
                    {lifetimes.map(({ days, label }) => (
                      <option key={days} value={days}>
                        {label}
                      </option>
                    ))}
                  </select>
                )}
              </Field>
            </div>
            <Choice type="checkbox" name="write" value="1" defaultChecked title="May run tools" about="Without this the agent can search, and run nothing." />
            <div>
              <Button busy={creating}>Create token</Button>
            </div>
          </Form>
        </Card>
        <Card title="Set up your agent" about={answer?.token ? "Your new token is filled in." : "Create a token above and it is filled in here."}>
          <AgentSnippets url={url} token={answer?.token ?? null} />
        </Card>
        <Card title="Your tokens">
          <TokenList tokens={tokens} />
        </Card>
      </div>
    </>
  );
}
