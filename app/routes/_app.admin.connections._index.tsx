// Every connection of the organization, as admins see them.
import type { LoaderFunctionArgs } from "@remix-run/node";
import { Link, useLoaderData } from "@remix-run/react";
import { Cable, ChevronRight, Plus } from "lucide-react";

import { orResponse, signedIn } from "#app/api-error.ts";
import { accessWords, AuthBadge, ModeBadge, StateBadge } from "#app/components/connection-badges.tsx";
import { ConnectionMark } from "#app/components/connection-mark.tsx";
import { Ago } from "#app/components/ui/ago.tsx";
import { ButtonLink } from "#app/components/ui/button.tsx";
import { Empty, PageHeader } from "#app/components/ui/surface.tsx";
import { paths } from "#app/paths.ts";

export const meta = () => [{ title: "Connections - Gatehouse" }];

export function loader(args: LoaderFunctionArgs) {
  return orResponse(signedIn(args).api.connection.list({ scope: "manageable" }));
}

export default function AdminConnections() {
  const connections = useLoaderData<typeof loader>();
  return (
    <>
      <PageHeader title="Connections" about="The third-party servers your organization added, and who may use them.">
        <ButtonLink to={paths.newConnection}>
          <Plus aria-hidden className="size-4" />
          Add connection
        </ButtonLink>
      </PageHeader>
      {connections.length === 0 ? (
        <Empty icon={Cable} title="Add your first connection">
          <p>Connect Notion, Linear, Stripe or any MCP server once. Everybody you grant it to finds its tools through one address.</p>
          <p className="mt-4">
            <ButtonLink to={paths.newConnection}>Choose a server</ButtonLink>
          </p>
        </Empty>
      ) : (
        <ul className="divide-y divide-line overflow-hidden rounded-xl border border-line bg-surface">
          {connections.map(({ id, name, url, state, authType, credentialMode, toolCount, access, lastSuccessAt }) => (
            <li key={id}>
              <Link to={paths.adminConnection(id)} prefetch="intent" className="flex items-center gap-4 px-4 py-3.5 -outline-offset-2 hover:bg-sunken">
                <ConnectionMark name={name} />
                <div className="min-w-0 flex-1">
                  <p className="flex flex-wrap items-center gap-2">
                    <span className="font-semibold break-words">{name}</span>
                    <StateBadge state={state} />
                  </p>
                  <p className="truncate text-sm text-faint">{new URL(url).host}</p>
                  <p className="mt-1.5 flex flex-wrap gap-1.5 lg:hidden">
                    <AuthBadge type={authType} />
                    <ModeBadge mode={credentialMode} />
                  </p>
                </div>
                <div className="hidden gap-1.5 lg:flex">
                  <AuthBadge type={authType} />
                  <ModeBadge mode={credentialMode} />
                </div>
                <div className="w-24 shrink-0 text-right text-sm sm:w-32">
                  <p>
                    {toolCount} {toolCount === 1 ? "tool" : "tools"}
                  </p>
                  <p className="text-faint">{accessWords(access)}</p>
                  {lastSuccessAt && (
                    <p className="text-xs text-faint">
                      seen <Ago at={lastSuccessAt} />
                    </p>
                  )}
                </div>
                <ChevronRight aria-hidden className="size-4 shrink-0 text-faint" />
              </Link>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
