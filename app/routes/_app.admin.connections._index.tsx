// Every connection of the organization, as an admin manages them.
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Link, useActionData, useLoaderData } from "@remix-run/react";
import { Plus, Unplug } from "lucide-react";

import { formFailure, orBoundary } from "#app/api-error.ts";
import { AccessRequests } from "#app/components/access-requests.tsx";
import { accessWords, countTools, ModeBadge, StateBadge } from "#app/components/connection-badges.tsx";
import { ConnectionGlyph } from "#app/components/connection-glyph.tsx";
import { EndingBadge, PauseWords } from "#app/components/connection-health.tsx";
import { FormNotice } from "#app/components/failure-panel.tsx";
import { PageHeader } from "#app/components/page-header.tsx";
import { ButtonLink } from "#app/components/ui/button.tsx";
import { Card, Empty } from "#app/components/ui/card.tsx";
import { Notice } from "#app/components/ui/notice.tsx";
import { useReveal } from "#app/components/ui/reveal.ts";
import { Time } from "#app/components/ui/time.tsx";
import { text } from "#app/form.ts";
import { paths } from "#app/paths.ts";
import type { ConnectionSummary } from "#server/connections/view.ts";

export const meta: MetaFunction = () => [{ title: "Connections - Gatehouse" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const { api } = context;
  const [connections, requests] = await orBoundary(
    request,
    Promise.all([api.connection.list({ scope: "manageable" }), api.grant.requests()]),
  );
  return { connections, requests, removed: new URL(request.url).searchParams.has("removed") };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const form = await request.formData();
  const approve = text(form, "intent") === "approve";
  try {
    await context.api.grant.answer({ id: text(form, "id"), approve });
    return { message: approve ? "Access was granted. It counts from the next request on." : "The request was declined.", failed: null };
  } catch (error) {
    return data({ message: null, failed: formFailure(error, { request, requestId: context.requestId }) }, 422);
  }
}

function Row({ connection }: { connection: ConnectionSummary }) {
  const { id, name, url, state, credentialMode, toolCount, access, lastSuccessAt, pause } = connection;
  return (
    <li className="relative grid gap-x-4 gap-y-3 px-4 py-3.5 transition-colors hover:bg-hover/50 sm:px-5 md:grid-cols-[minmax(0,1fr)_auto] md:items-center">
      <div className="flex min-w-0 items-center gap-3">
        <ConnectionGlyph name={name} />
        <div className="min-w-0">
          <Link to={paths.admin.connection(id)} prefetch="intent" className="font-semibold after:absolute after:inset-0">
            {name}
          </Link>
          <p className="truncate text-xs text-muted">{URL.canParse(url) ? new URL(url).host : url}</p>
        </div>
      </div>
      <div className="flex flex-wrap items-center gap-1.5 md:justify-end">
        <ModeBadge mode={credentialMode} />
        <StateBadge state={state} pause={pause} ofSome={credentialMode === "per_member"} />
        <EndingBadge endsAt={connection.endsAt} />
      </div>
      <p className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted md:col-span-2 md:pl-12">
        <span>{accessWords(access)}</span>
        <span>{countTools(toolCount)}</span>
        {lastSuccessAt && (
          <span>
            Last answered <Time at={lastSuccessAt} />
          </span>
        )}
        {state.name !== "ready" && <span className="text-ink">{state.message}</span>}
        {pause && (
          <span className="text-ink">
            <PauseWords pause={pause} />
          </span>
        )}
      </p>
    </li>
  );
}

export default function Connections() {
  const { connections, requests, removed } = useLoaderData<typeof loader>();
  const result = useActionData<typeof action>();
  const within = useReveal<HTMLDivElement>(result);
  const add = (
    <ButtonLink to={paths.admin.newConnection} kind="primary">
      <Plus aria-hidden className="size-4" />
      Add a connection
    </ButtonLink>
  );
  return (
    <>
      <PageHeader
        title="Connections"
        about="The servers your organization's agents can reach, and who may use them."
        actions={connections.length > 0 && add}
      />
      {removed && (
        <Notice tone="good" className="mb-4">
          The connection was deleted.
        </Notice>
      )}
      <div ref={within} className="mb-5 space-y-4 empty:hidden">
        {result?.message && (
          <Notice tone="good" answer>
            {result.message}
          </Notice>
        )}
        <FormNotice failed={result?.failed} />
        <AccessRequests requests={requests} />
      </div>
      {connections.length === 0 ? (
        <Empty icon={<Unplug />} title="No connections yet" action={add}>
          Connect a server once; every agent of your organization finds its tools behind the one URL.
        </Empty>
      ) : (
        <Card>
          <ul className="divide-y divide-line">
            {connections.map((connection) => (
              <Row key={connection.id} connection={connection} />
            ))}
          </ul>
        </Card>
      )}
    </>
  );
}
