// One connection, as its admin sees it: account, tools, access, settings, and the ways to end it.
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { RefreshCw } from "lucide-react";

import { formFailure, orBoundary } from "#app/api-error.ts";
import { BackLink } from "#app/components/back-link.tsx";
import { ConnectionAccounts } from "#app/components/connection-accounts.tsx";
import { ConnectionAccess } from "#app/components/connection-access.tsx";
import { countTools, ModeBadge, StateBadge } from "#app/components/connection-badges.tsx";
import { ConnectionGlyph } from "#app/components/connection-glyph.tsx";
import { ConnectionHealth, EndingBadge, PauseNotice } from "#app/components/connection-health.tsx";
import { ConnectionSettings } from "#app/components/connection-settings.tsx";
import { ConnectionWhy } from "#app/components/connection-why.tsx";
import { DangerZone } from "#app/components/danger-zone.tsx";
import { FormNotice } from "#app/components/failure-panel.tsx";
import { PageHeader } from "#app/components/page-header.tsx";
import { ToolChanges } from "#app/components/tool-changes.tsx";
import { ToolList } from "#app/components/tool-list.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { Section } from "#app/components/ui/card.tsx";
import { Notice } from "#app/components/ui/notice.tsx";
import { useReveal } from "#app/components/ui/reveal.ts";
import { Time } from "#app/components/ui/time.tsx";
import { ConnectPanel } from "#app/connect-panel.tsx";
import { changeConnection } from "#app/change-connection.ts";
import { paths } from "#app/paths.ts";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `${data?.connection.name ?? "Connection"} - Gatehouse` }];

export async function loader({ request, params, context: { api, origin, actor } }: LoaderFunctionArgs) {
  const id = params.id ?? "";
  const who = new URL(request.url).searchParams.get("why");
  const [connection, people, teams, usable, explanation] = await orBoundary(
    request,
    Promise.all([
      api.connection.byId({ id }),
      api.member.list(),
      api.team.list(),
      api.connection.list({ scope: "usable" }),
      who ? api.grant.explain({ connectionId: id, membershipId: who }) : null,
    ]),
  );
  return {
    connection,
    explanation,
    pickable: { people, teams },
    callbackUrl: `${origin}/oauth/callback`,
    mayUse: actor !== null && usable.some(({ id }) => id === connection.id),
    added: new URL(request.url).searchParams.has("added"),
  };
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  const form = await request.formData();
  const intent = form.get("intent");
  try {
    const { message } = await changeConnection(context.api, params.id ?? "", form);
    if (intent === "remove") return redirect(`${paths.admin.connections}?removed`);
    return { intent, message, failed: null };
  } catch (error) {
    const failed = formFailure(error, { request, requestId: context.requestId });
    return data({ intent, message: null, failed }, failed.code === "CONFLICT" ? 409 : 422);
  }
}

export default function Connection() {
  const { connection, explanation, pickable, callbackUrl, mayUse, added } = useLoaderData<typeof loader>();
  const result = useActionData<typeof action>();
  const within = useReveal<HTMLDivElement>(result);
  const refreshing = useNavigation().formData?.get("intent") === "refresh";
  const failedAt = (intent: string) => (result?.intent === intent ? result.failed : null);
  const doneAt = (intent: string) => (result?.intent === intent ? result.message : null);
  const { name, url, tools, state, credentialMode, server, listedAt, createdAt, leftOut } = connection;
  const connected = connection.credential !== null;
  return (
    <>
      <PageHeader
        title={
          <span className="flex items-center gap-3">
            <ConnectionGlyph name={name} />
            {name}
          </span>
        }
        about={<span className="text-sm break-all">{url}</span>}
        actions={
          <>
            <ModeBadge mode={credentialMode} />
            <StateBadge state={state} pause={connection.pause} ofSome={credentialMode === "per_member"} />
            <EndingBadge endsAt={connection.endsAt} />
          </>
        }
      >
        <BackLink to={paths.admin.connections}>Connections</BackLink>
      </PageHeader>
      <div ref={within} className="space-y-5">
        {added && !result && (
          <Notice tone="good" title={`${name} was added`}>
            {connected
              ? `${countTools(tools.length)} found. Agents of everyone with access can use it now.`
              : "One step is left: connect an account, and its tools appear here."}
          </Notice>
        )}
        {doneAt("disconnect") && (
          <Notice tone="good" answer>
            {doneAt("disconnect")}
          </Notice>
        )}
        {doneAt("connect") && (
          <Notice tone="good" answer>
            {doneAt("connect")}
          </Notice>
        )}
        <PauseNotice pause={connection.pause} credentialMode={credentialMode} />
        <ConnectPanel connection={connection} mayUse={mayUse} failed={failedAt("connect")} />
        <ConnectionHealth connection={connection} />
        <Section
          id="tools"
          title={connected ? `Tools (${tools.length})` : "Tools"}
          about={
            listedAt ? (
              <>
                {state.name === "stale" ? "The server does not answer: these are its tools as listed " : "Listed "}
                <Time at={listedAt} />
                {server.name && ` by ${server.name}${server.version ? ` ${server.version}` : ""}`}
              </>
            ) : undefined
          }
          actions={
            connected && (
              <Form method="post">
                <input type="hidden" name="intent" value="refresh" />
                <Button type="submit" size="sm" busy={refreshing}>
                  {!refreshing && <RefreshCw aria-hidden className="size-3.5" />}
                  Refresh now
                </Button>
              </Form>
            )
          }
        >
          <div className="space-y-4">
            {doneAt("refresh") && (
              <Notice tone="good" answer>
                {doneAt("refresh")}
              </Notice>
            )}
            <FormNotice failed={failedAt("refresh")} title="The tools could not be listed" />
            {doneAt("review") && (
              <Notice tone="good" answer>
                {doneAt("review")}
              </Notice>
            )}
            <FormNotice failed={failedAt("review")} title="The review was not noted" />
            <ToolChanges changes={connection.toolChanges} />
            {tools.length > 0 && <ToolList tools={tools} since={createdAt} />}
            {leftOut && (
              <div className="text-muted">
                <p>{`${countTools(leftOut.count)} of the server's list cannot be used; the provider has to mend ${leftOut.count === 1 ? "it" : "them"}.`}</p>
                <ul className="list-disc pl-5">
                  {leftOut.examples.map(({ name, why }, index) => (
                    <li key={index} className="break-words">
                      {name || "(without a name)"}: {why}
                    </li>
                  ))}
                </ul>
              </div>
            )}
            {tools.length === 0 && (
              <p className="text-muted">
                {connected ? "The server offers no tools." : "The tools appear here once an account is connected."}
              </p>
            )}
          </div>
        </Section>
        <ConnectionAccess connection={connection} pickable={pickable} failed={failedAt("access")} saved={doneAt("access")} />
        {credentialMode === "per_member" && <ConnectionAccounts connection={connection} />}
        <ConnectionWhy people={pickable.people} explanation={explanation} />
        <ConnectionSettings connection={connection} callbackUrl={callbackUrl} failed={failedAt("settings")} saved={doneAt("settings")} />
        <DangerZone connection={connection} />
      </div>
    </>
  );
}
