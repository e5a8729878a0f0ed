// Adding a connection: choose a known server or any other, then say who may use it.
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";

import { formFailure, orBoundary } from "#app/api-error.ts";
import { BackLink } from "#app/components/back-link.tsx";
import { ConnectionForm, type Draft } from "#app/components/connection-form.tsx";
import { PageHeader } from "#app/components/page-header.tsx";
import { PresetGrid } from "#app/components/preset-grid.tsx";
import { accessOf, optionalText, text } from "#app/form.ts";
import { paths } from "#app/paths.ts";

export const meta: MetaFunction = () => [{ title: "Add a connection - Gatehouse" }];

const custom: Draft = { presetId: null, name: "", url: "", authType: "oauth", credentialMode: "shared", note: null, needsOwnClient: false };

export async function loader({ request, context: { api, origin } }: LoaderFunctionArgs) {
  const [people, teams, presets, connections] = await orBoundary(
    request,
    Promise.all([api.member.list(), api.team.list(), api.connection.presets(), api.connection.list({ scope: "manageable" })]),
  );
  const wanted = new URL(request.url).searchParams.get("preset");
  const preset = presets.find(({ id }) => id === wanted);
  const added = connections.flatMap(({ presetId }) => presetId ?? []);
  const draft: Draft | null = preset ? { ...preset, presetId: preset.id } : wanted === "custom" ? custom : null;
  return { presets, added, draft, pickable: { people, teams }, callbackUrl: `${origin}/oauth/callback`, first: connections.length === 0 };
}

function authTypeOf(form: FormData): Draft["authType"] {
  const value = text(form, "authType");
  return value === "api_key" || value === "none" ? value : "oauth";
}

export async function action({ request, context }: ActionFunctionArgs) {
  const form = await request.formData();
  const authType = authTypeOf(form);
  const clientId = text(form, "clientId").trim();
  const clientSecret = optionalText(form, "clientSecret");
  try {
    const created = await context.api.connection.create({
      name: text(form, "name"),
      url: text(form, "url"),
      presetId: optionalText(form, "presetId"),
      authType,
      credentialMode: text(form, "credentialMode") === "per_member" ? "per_member" : "shared",
      access: accessOf(form),
      ...(authType === "api_key"
        ? { apiKey: text(form, "apiKey"), headerName: optionalText(form, "headerName"), headerPrefix: optionalText(form, "headerPrefix") }
        : {}),
      ...(authType === "oauth" && (clientId || clientSecret) ? { oauthClient: { clientId, clientSecret } } : {}),
    });
    return redirect(`${paths.admin.connection(created.id)}?added`);
  } catch (error) {
    const failed = formFailure(error, { request, requestId: context.requestId });
    const typed = { name: text(form, "name"), url: text(form, "url"), authType };
    return data({ failed, typed }, failed.code === "CONFLICT" ? 409 : 422);
  }
}

export default function NewConnection() {
  const { presets, added, draft, pickable, callbackUrl, first } = useLoaderData<typeof loader>();
  const result = useActionData<typeof action>();
  if (!draft) {
    return (
      <>
        <PageHeader
          title={first ? "Add your first connection" : "Add a connection"}
          about="Choose a server. Your agents reach it through Gatehouse, with the access you decide on."
        >
          {!first && <BackLink to={paths.admin.connections}>Connections</BackLink>}
        </PageHeader>
        <PresetGrid presets={presets} added={added} />
      </>
    );
  }
  return (
    <>
      <PageHeader
        title={draft.presetId ? `Add ${draft.name}` : "Add a custom server"}
        about="Nothing is saved before the server has answered."
      >
        <BackLink to={paths.admin.newConnection}>All servers</BackLink>
      </PageHeader>
      <ConnectionForm
        key={draft.presetId ?? "custom"}
        draft={{ ...draft, ...result?.typed }}
        pickable={pickable}
        failed={result?.failed ?? null}
        callbackUrl={callbackUrl}
      />
    </>
  );
}
