// Connecting agents: the one URL, what to paste where, and the tokens.
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";

import { formFailure, orBoundary } from "#app/api-error.ts";
import { AgentList } from "#app/components/agent-list.tsx";
import { AgentSnippets } from "#app/components/agent-snippets.tsx";
import { Confirm } from "#app/components/confirm.tsx";
import { PageHeader } from "#app/components/page-header.tsx";
import { RefreshNow } from "#app/components/refresh-now.tsx";
import { SeenNow } from "#app/seen-now.tsx";
import { TokenForm } from "#app/components/token-form.tsx";
import { TokenList } from "#app/components/token-list.tsx";
import { Section } from "#app/components/ui/card.tsx";
import { CopyLine } from "#app/components/ui/copy.tsx";
import { Notice } from "#app/components/ui/notice.tsx";
import { useReveal } from "#app/components/ui/reveal.ts";
import { text } from "#app/form.ts";
import { paths } from "#app/paths.ts";
import type { TokenScope } from "#server/auth/actor.ts";

export const meta: MetaFunction = () => [{ title: "Agents - Gatehouse" }];

export async function loader({ request, context: { api, origin } }: LoaderFunctionArgs) {
  const [tokens, agents, me] = await orBoundary(request, Promise.all([api.agentToken.list(), api.agent.list(), api.member.me()]));
  return { tokens, agents, admin: me.role !== "member", origin };
}

function scopesOf(access: string): TokenScope[] {
  if (access === "admin") return ["admin"];
  return access === "read" ? ["mcp:read"] : ["mcp:read", "mcp:write"];
}

export async function action({ request, context: { api, requestId } }: ActionFunctionArgs) {
  const form = await request.formData();
  try {
    if (form.get("intent") === "sign-out") {
      await api.agent.revoke({ id: text(form, "id") });
      return { created: null, revoked: true, failed: null, refreshed: null };
    }
    if (form.get("intent") === "sign-out-all") {
      await api.agent.revokeAll();
      return { created: null, revoked: true, failed: null, refreshed: null };
    }
    if (form.get("intent") === "refresh") {
      return { created: null, revoked: false, failed: null, refreshed: await api.connection.refreshUsable() };
    }
    if (form.get("intent") === "revoke") {
      await api.agentToken.revoke({ id: text(form, "id") });
      return { created: null, revoked: true, failed: null, refreshed: null };
    }
    const name = text(form, "name");
    const scopes = scopesOf(text(form, "access"));
    const { id, token } = await api.agentToken.create({ name, scopes, expiresInDays: Number(text(form, "expiresInDays")) });
    return {
      created: { id, token, name: name.trim(), forAgents: !scopes.includes("admin") },
      revoked: false,
      failed: null,
      refreshed: null,
    };
  } catch (error) {
    const failed = formFailure(error, { request, requestId });
    return data({ created: null, revoked: false, failed, intent: form.get("intent"), refreshed: null }, 422);
  }
}

export default function Agents() {
  const { tokens, agents, admin, origin } = useLoaderData<typeof loader>();
  const result = useActionData<typeof action>();
  const within = useReveal<HTMLDivElement>(result);
  const created = result?.created ?? null;
  const refreshFailed = result && "intent" in result && result.intent === "refresh" ? result.failed : null;
  return (
    <>
      <PageHeader title="Agents" about="One URL for every agent. Each sees two tools, search and execute, and reaches what you may use." />
      <div ref={within} className="space-y-5">
        {created && (
          <div role="status" data-answer className="scroll-m-20 rounded-xl border border-accent/40 bg-accent-soft p-4 sm:p-5">
            <h2 className="text-base font-semibold">Token for {created.name}</h2>
            <p className="mt-0.5 mb-3 text-accent-ink">Copy it now: it is shown this once and cannot be read again.</p>
            <CopyLine text={created.token} what="token" />
            {created.forAgents && <p className="mt-3 text-accent-ink">It is filled in below, ready to paste.</p>}
          </div>
        )}
        {result?.revoked && (
          <Notice tone="good" answer>
            Access was revoked.
          </Notice>
        )}
        <Section
          id="connect-agent"
          title="Connect an agent"
          about="Your agent needs the URL alone: a browser opens, you sign in and allow it."
        >
          <div className="space-y-5">
            <div>
              <p className="mb-1.5 font-medium">The URL</p>
              <CopyLine text={`${origin}${paths.agentEndpoint}`} what="URL" />
            </div>
            <div>
              <p className="mb-1.5 font-medium">Every agent on this computer at once</p>
              <CopyLine text={`curl -fsSL ${origin}${paths.setupScript} | sh`} what="set-up command" />
              <p className="mt-1.5 text-xs text-muted">
                Adds the URL to Claude Code, Codex, opencode, Gemini CLI and VS Code where they are installed, by their own commands.{" "}
                <a className="underline underline-offset-2 hover:text-ink" href={paths.setupScript}>
                  Read the script
                </a>{" "}
                first: it is short, and it holds no secret.
              </p>
            </div>
            <SeenNow agents={agents} tokens={tokens} />
            <AgentSnippets origin={origin} token={created?.forAgents ? created.token : null} />
          </div>
        </Section>
        <Section
          id="refresh"
          title="Tools up to date"
          about="Agents search the tools that were read last. Something new at a service is found sooner when you read them now."
        >
          <RefreshNow refreshed={result?.refreshed ?? null} failed={refreshFailed} />
        </Section>
        <Section id="signed-in" title="Signed-in agents" about="They know the URL alone, and act as you since you allowed them.">
          {agents.length > 0 ? (
            <>
              <AgentList agents={agents} />
              {agents.length > 1 && (
                <div className="mt-4 border-t border-line pt-4">
                  <Confirm
                    label="End all access"
                    intent="sign-out-all"
                    title="End the access of all your agents?"
                    about={<p>All {agents.length} agents lose access with their next request. Each can ask you again. Tokens stay.</p>}
                  />
                </div>
              )}
            </>
          ) : (
            <p className="text-muted">None yet. Most agents need the URL alone: they open a browser, you sign in and allow them.</p>
          )}
        </Section>
        <Section
          id="new-token"
          title="New token"
          about="For agents that cannot sign in by themselves. One for each; it acts as you, within what you may use."
        >
          <TokenForm key={created?.id ?? "form"} admin={admin} failed={refreshFailed ? null : (result?.failed ?? null)} />
        </Section>
        <Section id="tokens" title="Your tokens">
          <TokenList tokens={tokens} />
        </Section>
      </div>
    </>
  );
}
