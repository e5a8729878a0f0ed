// "Your connections": what a member's agents can reach, what waits for their own sign-in, and what waits for an admin.
import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Link, useLoaderData } from "@remix-run/react";
import { PlugZap } from "lucide-react";

import { orBoundary } from "#app/api-error.ts";
import { countTools, ModeBadge, StateBadge } from "#app/components/connection-badges.tsx";
import { ConnectionGlyph } from "#app/components/connection-glyph.tsx";
import { PageHeader } from "#app/components/page-header.tsx";
import { ButtonLink } from "#app/components/ui/button.tsx";
import { Card, Empty } from "#app/components/ui/card.tsx";
import { cx } from "#app/components/ui/cx.ts";
import { Notice } from "#app/components/ui/notice.tsx";
import { Time } from "#app/components/ui/time.tsx";
import { paths } from "#app/paths.ts";
import { SignIn } from "#app/sign-in.tsx";
import type { ConnectionSummary } from "#server/connections/view.ts";

export const meta: MetaFunction = () => [{ title: "Your connections - Gatehouse" }];

export async function loader({ request, context: { api } }: LoaderFunctionArgs) {
  const [connections, me] = await orBoundary(request, Promise.all([api.connection.list({ scope: "usable" }), api.member.me()]));
  return { connections, admin: me.role !== "member", asked: new URL(request.url).searchParams.get("connect") };
}

const isMissing = ({ state }: ConnectionSummary) => state.name === "needs_connection" || state.name === "reconnect_required";
/** An own account at a provider is connected right here. */
const isOwn = ({ authType, credentialMode }: ConnectionSummary) => credentialMode === "per_member" && authType === "oauth";

type Group = "own" | "admin" | "ready";

function groupOf(connection: ConnectionSummary): Group {
  if (!isMissing(connection)) return "ready";
  return connection.credentialMode === "per_member" ? "own" : "admin";
}

const groups: { key: Group; title: string; about: string }[] = [
  { key: "own", title: "Needs your sign-in", about: "Connect your own account; until then agents are told to ask you." },
  { key: "admin", title: "Waiting for an admin", about: "You have access, but the shared account is not connected." },
  { key: "ready", title: "Ready to use", about: "Your agents find these tools by themselves." },
];

interface RowProps {
  connection: ConnectionSummary;
  admin: boolean;
  asked: boolean;
}

function Manage({ connection }: { connection: ConnectionSummary }) {
  const missing = isMissing(connection);
  return (
    <ButtonLink to={paths.admin.connection(connection.id)} size="sm" kind={missing ? "primary" : "secondary"} className="ml-12 sm:ml-0">
      {missing ? "Connect the account" : "Manage"}
      <span className="sr-only"> of {connection.name}</span>
    </ButtonLink>
  );
}

function Row({ connection, admin, asked }: RowProps) {
  const { id, name, state, credentialMode, toolCount, lastSuccessAt } = connection;
  return (
    <li id={id} className={cx("flex flex-col gap-3 px-4 py-4 sm:px-5", asked && "bg-accent-soft/40")}>
      <div className="flex flex-wrap items-start gap-3">
        <ConnectionGlyph name={name} />
        <div className="min-w-0 flex-1 basis-[calc(100%-3rem)] sm:basis-0">
          <div className="flex flex-wrap items-center gap-x-2 gap-y-1.5">
            <h3 className="mr-1 text-base font-semibold">{name}</h3>
            <StateBadge state={state} />
            <ModeBadge mode={credentialMode} />
          </div>
          <p className="mt-1 text-muted">
            {toolCount > 0 && !isMissing(connection) && (
              <Link to={paths.connectionTools(id)} className="font-medium text-accent-ink underline">
                {countTools(toolCount)}
                <span className="sr-only"> of {name}</span>
              </Link>
            )}
            {state.name === "ready" ? toolCount === 0 && countTools(0) : ` ${state.message}`}
            {state.name === "ready" && lastSuccessAt && (
              <>
                , last answered <Time at={lastSuccessAt} />
              </>
            )}
          </p>
        </div>
        {admin && !isOwn(connection) && <Manage connection={connection} />}
      </div>
      {isOwn(connection) && (
        <div className="sm:pl-12">
          <SignIn
            connectionId={id}
            connectionName={name}
            label={state.name === "needs_connection" ? "Connect" : "Reconnect"}
            kind={isMissing(connection) || asked ? "primary" : "secondary"}
            size="sm"
          />
        </div>
      )}
    </li>
  );
}

export default function YourConnections() {
  const { connections, admin, asked } = useLoaderData<typeof loader>();
  const missing = asked !== null && !connections.some(({ id }) => id === asked);
  return (
    <>
      <PageHeader title="Your connections" about="What your agents can use through Gatehouse, as you." />
      {missing && (
        <Notice tone="warn" title="You have no access to this connection" className="mb-6">
          The link names a connection that does not exist, or that nobody gave you access to. Ask an admin of your organization.
        </Notice>
      )}
      {connections.length === 0 && (
        <Empty
          icon={<PlugZap />}
          title="Nothing to use yet"
          action={
            admin && (
              <ButtonLink to={paths.admin.connections} kind="primary">
                Manage connections
              </ButtonLink>
            )
          }
        >
          {admin
            ? "Nobody gave you access to a connection. As an admin you can do that yourself."
            : "Nobody gave you access to a connection. Ask an admin of your organization."}
        </Empty>
      )}
      <div className="space-y-8">
        {groups.map(({ key, title, about }) => {
          const members = connections.filter((connection) => groupOf(connection) === key);
          if (members.length === 0) return null;
          return (
            <section key={key} aria-labelledby={`group-${key}`}>
              <h2 id={`group-${key}`} className="flex items-baseline gap-2 text-base font-semibold tracking-tight">
                {title} <span className="text-sm font-normal text-muted">{members.length}</span>
              </h2>
              <p className="mb-3 text-muted">{about}</p>
              <Card className="overflow-hidden">
                <ul className="divide-y divide-line">
                  {members.map((connection) => (
                    <Row key={connection.id} connection={connection} admin={admin} asked={connection.id === asked} />
                  ))}
                </ul>
              </Card>
            </section>
          );
        })}
      </div>
      {connections.length > 0 && (
        <p className="mt-8 text-muted">
          To use them,{" "}
          <Link className="font-medium text-accent-ink underline" to={paths.agents}>
            connect your agent
          </Link>
          .
        </p>
      )}
    </>
  );
}
