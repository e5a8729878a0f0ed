// "Your connections": what this person was granted, and what each still needs.
import { type ActionFunctionArgs, data, type LoaderFunctionArgs } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { clsx } from "clsx";
import { Plug } from "lucide-react";

import { orResponse, problemOf, signedIn } from "#app/api-error.ts";
import { ModeBadge, StateBadge } from "#app/components/connection-badges.tsx";
import { ConnectionMark } from "#app/components/connection-mark.tsx";
import { ProblemPanel } from "#app/components/problem-panel.tsx";
import { SignIn, SignInLink } from "#app/components/sign-in.tsx";
import { Ago } from "#app/components/ui/ago.tsx";
import { ButtonLink } from "#app/components/ui/button.tsx";
import { Empty, Notice, PageHeader } from "#app/components/ui/surface.tsx";
import { text } from "#app/form.ts";
import { paths } from "#app/paths.ts";

export const meta = () => [{ title: "Your connections - Gatehouse" }];

export async function loader(args: LoaderFunctionArgs) {
  const { api, actor } = signedIn(args);
  const wanted = new URL(args.request.url).searchParams.get("connect");
  return { connections: await orResponse(api.connection.list({ scope: "usable" })), wanted, manages: actor?.role !== "member" };
}

export async function action(args: ActionFunctionArgs) {
  const context = signedIn(args);
  const form = await args.request.formData();
  try {
    const { authorizationUrl } = await context.api.oauth.begin({ connectionId: text(form, "connectionId") });
    return { authorizationUrl, problem: null };
  } catch (error) {
    return data({ authorizationUrl: null, problem: problemOf(error, context) }, 400);
  }
}

type Connection = ReturnType<typeof useLoaderData<typeof loader>>["connections"][number];

export default function Connections() {
  const { connections, wanted, manages } = useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>();
  const isReady = ({ state }: Connection) => state.name === "ready" || state.name === "stale" || state.name === "unreachable";
  const groups = [
    { title: "Needs your sign-in", list: connections.filter(({ state }) => state.actor === "member") },
    { title: "Waiting for an admin", list: connections.filter(({ state }) => state.actor === "organization_admin") },
    { title: "Ready to use", list: connections.filter(isReady) },
  ].filter(({ list }) => list.length > 0);
  const known = wanted === null || connections.some(({ id }) => id === wanted);
  return (
    <>
      <PageHeader title="Your connections" about="What your agents can use, and as whom." />
      <div className="grid gap-8">
        {!known && <Notice tone="warn" title="This connection is not available to you">An admin of your organization decides who may use it.</Notice>}
        {answer?.authorizationUrl && (
          <Notice tone="neutral" title="One more step">
            <SignInLink url={answer.authorizationUrl} />
          </Notice>
        )}
        <ProblemPanel problem={answer?.problem} />
        {connections.length === 0 && (
          <Empty icon={Plug} title="Nothing here yet">
            <p>{manages ? "You have not been granted a connection. Being an admin does not open one by itself." : "When an admin grants you a connection, it appears here."}</p>
            {manages && (
              <p className="mt-4">
                <ButtonLink to={paths.adminConnections}>Manage connections</ButtonLink>
              </p>
            )}
          </Empty>
        )}
        {groups.map(({ title, list }) => (
          <section key={title} aria-labelledby={title.replaceAll(" ", "-")}>
            <h2 id={title.replaceAll(" ", "-")} className="mb-3 text-sm font-semibold text-soft">
              {title} <span className="font-normal text-faint">({list.length})</span>
            </h2>
            <ul className="grid gap-3">
              {list.map((connection) => (
                <Row key={connection.id} connection={connection} isWanted={connection.id === wanted} manages={manages} />
              ))}
            </ul>
          </section>
        ))}
      </div>
    </>
  );
}

function Row({ connection, isWanted, manages }: { connection: Connection; isWanted: boolean; manages: boolean }) {
  const { id, name, state, credentialMode, authType, toolCount, listedAt } = connection;
  const ownSignIn = state.actor === "member" && authType === "oauth";
  return (
    <li className={clsx("flex flex-wrap items-start gap-4 rounded-xl border bg-surface p-4", isWanted ? "border-accent ring-1 ring-accent" : "border-line")}>
      <ConnectionMark name={name} />
      <div className="min-w-0 flex-1 basis-52">
        <div className="flex flex-wrap items-center gap-2">
          <h3 className="font-semibold break-words">{name}</h3>
          <StateBadge state={state} />
          <ModeBadge mode={credentialMode} />
        </div>
        <p className="mt-1 text-sm text-soft">
          {state.name === "ready" ? `${toolCount} ${toolCount === 1 ? "tool" : "tools"} your agents can find and run` : state.message}
          {listedAt && state.name !== "needs_connection" && (
            <span className="text-faint">
              {" "}
              (listed <Ago at={listedAt} />)
            </span>
          )}
        </p>
      </div>
      {ownSignIn && <SignIn connectionId={id} connectionName={name} label={state.name === "reconnect_required" ? "Connect again" : "Connect"} />}
      {state.actor === "organization_admin" && manages && (
        <ButtonLink to={paths.adminConnection(id)} look="secondary">
          Connect the shared account
        </ButtonLink>
      )}
    </li>
  );
}
