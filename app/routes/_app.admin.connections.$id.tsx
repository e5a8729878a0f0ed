// One connection: how it is, its tools, who may use it, its settings, and the way out.
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, redirect } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";

import { orResponse, problemOf, signedIn } from "#app/api-error.ts";
import { accessOf } from "#app/components/access-picker.tsx";
import { ConnectionMark } from "#app/components/connection-mark.tsx";
import { AccessCard, DangerZone, SettingsCard, StatusCard } from "#app/components/connection-detail.tsx";
import { ProblemPanel } from "#app/components/problem-panel.tsx";
import { SignInLink } from "#app/components/sign-in.tsx";
import { ToolList } from "#app/components/tool-list.tsx";
import { Card, Notice } from "#app/components/ui/surface.tsx";
import { optionalText, text } from "#app/form.ts";
import { paths } from "#app/paths.ts";

export const meta = ({ data: loaded }: { data?: { connection: { name: string } } }) => [{ title: `${loaded?.connection.name ?? "Connection"} - Gatehouse` }];

export async function loader(args: LoaderFunctionArgs) {
  const { api } = signedIn(args);
  const id = args.params.id ?? "";
  const [connection, people, teams] = await orResponse(Promise.all([api.connection.byId({ id }), api.member.list(), api.team.list()]));
  return { connection, people, teams };
}

const done = (message: string) => ({ message, problem: null, intent: "", authorizationUrl: null });

export async function action(args: ActionFunctionArgs) {
  const context = signedIn(args);
  const { api } = context;
  const id = args.params.id ?? "";
  const form = await args.request.formData();
  const intent = text(form, "intent");
  const version = Number(text(form, "version"));
  try {
    switch (intent) {
      case "refresh": {
        const { added, changed, removed } = await api.connection.refresh({ id });
        return done(added + changed + removed === 0 ? "The tool list is up to date; nothing changed." : `Tools refreshed: ${added} new, ${changed} changed, ${removed} gone.`);
      }
      case "connect": {
        const { tools } = await api.connection.connect({ id, apiKey: optionalText(form, "apiKey") });
        return done(`Connected: ${tools} tools.`);
      }
      case "sign-in": {
        const { authorizationUrl } = await api.oauth.begin({ connectionId: id });
        return { ...done(""), authorizationUrl };
      }
      case "access":
        await api.grant.replace({ connectionId: id, version, access: accessOf(form) });
        return done("Saved who can use this.");
      case "settings": {
        const clientId = optionalText(form, "clientId");
        const { disconnected } = await api.connection.update({
          id,
          version,
          name: text(form, "name"),
          url: text(form, "url"),
          headerName: form.has("headerName") ? (optionalText(form, "headerName") ?? null) : undefined,
          headerPrefix: form.has("headerPrefix") ? (optionalText(form, "headerPrefix") ?? null) : undefined,
          oauthClient: clientId === undefined ? undefined : { clientId, clientSecret: optionalText(form, "clientSecret") },
        });
        return done(disconnected ? "Saved. The stored credentials were for the old settings and are forgotten: connect again." : "Saved.");
      }
      case "disconnect": {
        const { accounts } = await api.connection.disconnect({ id });
        return done(`Disconnected. ${accounts === 1 ? "One stored credential was" : `${accounts} stored credentials were`} forgotten.`);
      }
      case "remove":
        await api.connection.remove({ id });
        return redirect(paths.adminConnections);
      default:
        throw new Response("This form is not known.", { status: 400 });
    }
  } catch (error) {
    if (error instanceof Response) throw error;
    return data({ message: "", problem: problemOf(error, context), intent, authorizationUrl: null }, 400);
  }
}

export default function ConnectionPage() {
  const { connection, people, teams } = useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>();
  const fields = answer?.intent === "settings" || answer?.intent === "connect" ? (answer.problem?.fields ?? {}) : {};
  const atField = Object.keys(fields).length > 0 && !answer?.problem?.failure;
  return (
    <>
      <header className="mb-6 flex items-center gap-4">
        <ConnectionMark name={connection.name} large />
        <div className="min-w-0">
          <h1 className="text-2xl font-semibold tracking-tight break-words">{connection.name}</h1>
          <p className="text-sm break-all text-faint">{connection.url}</p>
        </div>
      </header>
      <div className="grid gap-5">
        {answer?.message && <Notice tone="good" role="status" title={answer.message} />}
        {answer?.authorizationUrl && (
          <Notice tone="neutral" title="One more step">
            <SignInLink url={answer.authorizationUrl} />
          </Notice>
        )}
        {!atField && <ProblemPanel problem={answer?.problem} />}
        <StatusCard connection={connection} fields={fields} />
        <Card title="Tools" about={connection.tools.length > 0 ? "What agents of the people below can find and run." : undefined}>
          <ToolList tools={connection.tools} state={connection.state} since={connection.createdAt} />
        </Card>
        <AccessCard connection={connection} people={people} teams={teams} />
        <SettingsCard key={connection.version} connection={connection} fields={fields} />
        <DangerZone connection={connection} />
      </div>
    </>
  );
}
