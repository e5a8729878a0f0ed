// "Your connections": what a member's agents can reach, what waits for their own sign-in, and what waits for an admin.
import { type ActionFunctionArgs, type AppLoadContext, data, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Form, Link, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { PlugZap } from "lucide-react";

import { formFailure, orBoundary } from "#app/api-error.ts";
import { countTools } from "#app/components/connection-badges.tsx";
import { ConnectionGlyph } from "#app/components/connection-glyph.tsx";
import { PageHeader } from "#app/components/page-header.tsx";
import { Button, ButtonLink } from "#app/components/ui/button.tsx";
import { Card, Empty } from "#app/components/ui/card.tsx";
import { Notice } from "#app/components/ui/notice.tsx";
import { useReveal } from "#app/components/ui/reveal.ts";
import { Time } from "#app/components/ui/time.tsx";
import { ConnectionRow, isMissing } from "#app/connection-row.tsx";
import { text } from "#app/form.ts";
import { paths } from "#app/paths.ts";
import type { ConnectionSummary } from "#server/connections/view.ts";

export const meta: MetaFunction = () => [{ title: "Your connections - Gatehouse" }];

export async function loader({ request, context: { api } }: LoaderFunctionArgs) {
  const [connections, askable, me] = await orBoundary(
    request,
    Promise.all([api.connection.list({ scope: "usable" }), api.grant.requestable(), api.member.me()]),
  );
  const { role, membershipId } = me;
  return { connections, askable, membershipId, admin: role !== "member", asked: new URL(request.url).searchParams.get("connect") };
}

/** Each intent is one call of the api and one sentence about what it did. */
async function change(api: AppLoadContext["api"], form: FormData, id: string): Promise<string> {
  switch (text(form, "intent")) {
    case "connect": {
      const { tools } = await api.connection.connect({ id, apiKey: text(form, "apiKey") });
      return `Connected. ${countTools(tools)} found.`;
    }
    case "disconnect":
      await api.connection.disconnect({ id, membershipId: text(form, "membershipId") });
      return "Your account was disconnected.";
    case "request":
      await api.grant.request({ connectionId: id });
      return "The admins were asked.";
    default:
      throw new Response("This form is not known here.", { status: 400, statusText: "BAD_INPUT" });
  }
}

export async function action({ request, context }: ActionFunctionArgs) {
  const form = await request.formData();
  const id = text(form, "id");
  try {
    return { id, message: await change(context.api, form, id), failed: null };
  } catch (error) {
    return data({ id, message: null, failed: formFailure(error, { request, requestId: context.requestId }) }, 422);
  }
}

type Group = "own" | "admin" | "ready" | "off";

function groupOf(connection: ConnectionSummary): Group {
  if (connection.state.name === "disabled") return "off";
  if (!isMissing(connection)) return "ready";
  return connection.credentialMode === "per_member" ? "own" : "admin";
}

const groups: { key: Group; title: string; about: string }[] = [
  { key: "own", title: "Needs your sign-in", about: "Connect your own account; until then agents are told to ask you." },
  { key: "admin", title: "Waiting for an admin", about: "You have access, but the shared account is not connected." },
  { key: "ready", title: "Ready to use", about: "Your agents find these tools by themselves." },
  { key: "off", title: "Switched off", about: "An admin switched these off; your agents do not see them for now." },
];

function Askable({ connection: { id, name, requestedAt } }: { connection: { id: string; name: string; requestedAt: Date | null } }) {
  const busy = useNavigation().formData?.get("id") === id;
  return (
    <li className="flex flex-wrap items-center gap-3 px-4 py-3.5 sm:px-5">
      <ConnectionGlyph name={name} />
      <div className="min-w-0 flex-1">
        <h3 className="text-base font-semibold">{name}</h3>
        {requestedAt && (
          <p className="text-muted">
            You asked <Time at={requestedAt} />. An admin decides.
          </p>
        )}
      </div>
      {!requestedAt && (
        <Form method="post">
          <input type="hidden" name="intent" value="request" />
          <input type="hidden" name="id" value={id} />
          <Button type="submit" size="sm" busy={busy}>
            Request access<span className="sr-only"> to {name}</span>
          </Button>
        </Form>
      )}
    </li>
  );
}

export default function YourConnections() {
  const { connections, askable, membershipId, admin, asked } = useLoaderData<typeof loader>();
  const result = useActionData<typeof action>();
  const within = useReveal<HTMLDivElement>(result);
  const missing = asked !== null && ![...connections, ...askable].some(({ id }) => id === asked);
  return (
    <>
      <PageHeader title="Your connections" about="What your agents can use through Gatehouse, as you." />
      {missing && (
        <Notice tone="warn" title="You have no access to this connection" className="mb-6">
          The link names a connection that does not exist, or that nobody gave you access to. Ask an admin of your organization.
        </Notice>
      )}
      {connections.length === 0 && askable.length === 0 && (
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
      <div ref={within} className="space-y-8">
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
                    <ConnectionRow
                      key={connection.id}
                      connection={connection}
                      membershipId={membershipId}
                      admin={admin}
                      asked={connection.id === asked}
                      failed={result?.id === connection.id ? result.failed : null}
                      done={result?.id === connection.id ? result.message : null}
                    />
                  ))}
                </ul>
              </Card>
            </section>
          );
        })}
        {askable.length > 0 && (
          <section aria-labelledby="group-ask">
            <h2 id="group-ask" className="flex items-baseline gap-2 text-base font-semibold tracking-tight">
              You can ask for <span className="text-sm font-normal text-muted">{askable.length}</span>
            </h2>
            <p className="mb-3 text-muted">Your organization has these too; an admin decides who may use them.</p>
            <Card className="overflow-hidden">
              <ul className="divide-y divide-line">
                {askable.map((connection) => (
                  <Askable key={connection.id} connection={connection} />
                ))}
              </ul>
            </Card>
          </section>
        )}
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
