// Adding a connection: pick a known server or enter any URL, say how it signs in and who may use it.
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, redirect } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { useState } from "react";

import { orResponse, problemOf, signedIn } from "#app/api-error.ts";
import { accessOf } from "#app/components/access-picker.tsx";
import { ConnectionForm, type ConnectionDraft } from "#app/components/connection-form.tsx";
import { PresetGrid } from "#app/components/preset-grid.tsx";
import { PageHeader } from "#app/components/ui/surface.tsx";
import { optionalText, text } from "#app/form.ts";
import { paths } from "#app/paths.ts";

export const meta = () => [{ title: "Add a connection - Gatehouse" }];

export async function loader(args: LoaderFunctionArgs) {
  const { api, origin } = signedIn(args);
  const [presets, people, teams] = await orResponse(Promise.all([api.connection.presets(), api.member.list(), api.team.list()]));
  return { presets, people, teams, origin };
}

export async function action(args: ActionFunctionArgs) {
  const context = signedIn(args);
  const form = await args.request.formData();
  const authType = text(form, "authType");
  const clientId = optionalText(form, "clientId");
  try {
    const { id } = await context.api.connection.create({
      name: text(form, "name"),
      url: text(form, "url"),
      presetId: optionalText(form, "presetId"),
      authType: authType === "oauth" || authType === "api_key" ? authType : "none",
      credentialMode: text(form, "credentialMode") === "per_member" ? "per_member" : "shared",
      apiKey: optionalText(form, "apiKey"),
      headerName: optionalText(form, "headerName"),
      headerPrefix: optionalText(form, "headerPrefix"),
      oauthClient: clientId === undefined ? undefined : { clientId, clientSecret: optionalText(form, "clientSecret") },
      access: accessOf(form),
    });
    return redirect(paths.adminConnection(id));
  } catch (error) {
    return data({ problem: problemOf(error, context) }, 400);
  }
}

const custom: ConnectionDraft = { presetId: null, name: "", url: "", authType: "oauth", credentialMode: "shared", note: null, needsOwnClient: false };

export default function NewConnection() {
  const { presets, people, teams, origin } = useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>();
  const [draft, setDraft] = useState<ConnectionDraft | null>(null);
  return (
    <>
      <PageHeader title="Add a connection" about={draft ? "Gatehouse tries the server before it keeps anything." : "Choose a server your organization uses, or enter the address of any other."} />
      {draft ? (
        <ConnectionForm key={draft.presetId} draft={draft} pickable={{ people, teams }} problem={answer?.problem ?? null} origin={origin} onBack={() => setDraft(null)} />
      ) : (
        <PresetGrid presets={presets} onChoose={({ id, ...preset }) => setDraft({ ...preset, presetId: id })} onCustom={() => setDraft(custom)} />
      )}
    </>
  );
}
