// Every connection of the organization, as an admin manages them.
import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Link, useLoaderData } from "@remix-run/react";
import { Plus, Unplug } from "lucide-react";

import { orBoundary } from "#app/api-error.ts";
import { accessWords, countTools, ModeBadge, StateBadge } from "#app/components/connection-badges.tsx";
import { ConnectionGlyph } from "#app/components/connection-glyph.tsx";
import { PageHeader } from "#app/components/page-header.tsx";
import { ButtonLink } from "#app/components/ui/button.tsx";
import { Card, Empty } from "#app/components/ui/card.tsx";
import { Notice } from "#app/components/ui/notice.tsx";
import { Time } from "#app/components/ui/time.tsx";
import { paths } from "#app/paths.ts";
import type { ConnectionSummary } from "#server/connections/view.ts";

export const meta: MetaFunction = () => [{ title: "Connections - Gatehouse" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const connections = await orBoundary(request, context.api.connection.list({ scope: "manageable" }));
  return { connections, removed: new URL(request.url).searchParams.has("removed") };
}

function Row({ connection }: { connection: ConnectionSummary }) {
  const { id, name, url, state, credentialMode, toolCount, access, lastSuccessAt } = connection;
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
        <StateBadge state={state} />
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
      </p>
    </li>
  );
}

export default function Connections() {
  const { connections, removed } = useLoaderData<typeof loader>();
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
