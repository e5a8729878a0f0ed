// Adding a connection: choose a known server or any other, then say who may use it.
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";

import { formFailure, orBoundary } from "#app/api-error.ts";
import { BackLink } from "#app/components/back-link.tsx";
import { ConnectionForm, type Draft } from "#app/components/connection-form.tsx";
import { PageHeader } from "#app/components/page-header.tsx";
import { PresetGrid } from "#app/components/preset-grid.tsx";
import { PreflightReport, SmartAdd } from "#app/components/smart-add.tsx";
import { useReveal } from "#app/components/ui/reveal.ts";
import { accessOf, advancedOf, optionalText, staticHeadersOf, text } from "#app/form.ts";
import { paths } from "#app/paths.ts";
import type { FoundServer } from "#server/connections/preflight.ts";
import type { OwnApp, Preset } from "#server/connections/presets.ts";

export const meta: MetaFunction = () => [{ title: "Add a connection - Gatehouse" }];

const custom: Draft = {
  presetId: null,
  name: "",
  url: "",
  authType: "oauth",
  credentialMode: "shared",
  note: null,
  ownApp: null,
  scopes: [],
  advanced: {},
};

export async function loader({ request, context: { api, origin } }: LoaderFunctionArgs) {
  const [people, teams, presets, connections] = await orBoundary(
    request,
    Promise.all([api.member.list(), api.team.list(), api.connection.presets(), api.connection.list({ scope: "manageable" })]),
  );
  const wanted = new URL(request.url).searchParams.get("preset");
  const preset = presets.find(({ id }) => id === wanted);
  const added = connections.flatMap(({ presetId }) => presetId ?? []);
  const draft: Draft | null = preset ? draftOfPreset(preset) : wanted === "custom" ? custom : null;
  return { presets, added, draft, pickable: { people, teams }, callbackUrl: `${origin}/oauth/callback`, first: connections.length === 0 };
}

function authTypeOf(form: FormData): Draft["authType"] {
  const value = text(form, "authType");
  return value === "api_key" || value === "none" ? value : "oauth";
}

export async function action({ request, context }: ActionFunctionArgs) {
  const form = await request.formData();
  return text(form, "intent") === "preflight" ? lookUp(form, { request, context }) : create(form, { request, context });
}

type Asked = Pick<ActionFunctionArgs, "request" | "context">;

/** Smart add: only looks, and fills the form with what it found. */
async function lookUp(form: FormData, { request, context }: Asked) {
  const asked = text(form, "text");
  try {
    const report = await context.api.connection.preflight({ text: asked });
    return { asked, report, reference: context.requestId, failed: null, typed: null };
  } catch (error) {
    const failed = formFailure(error, { request, requestId: context.requestId });
    return data({ asked, report: null, reference: context.requestId, failed, typed: null }, failed.code === "RATE_LIMITED" ? 429 : 422);
  }
}

async function create(form: FormData, { request, context }: Asked) {
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
      advanced: authType === "oauth" ? advancedOf(form) : undefined,
      staticHeaders: staticHeadersOf(form),
    });
    return redirect(`${paths.admin.connection(created.id)}?added`);
  } catch (error) {
    const failed = formFailure(error, { request, requestId: context.requestId });
    const typed = {
      key: optionalText(form, "draft"),
      name: text(form, "name"),
      url: text(form, "url"),
      presetId: optionalText(form, "presetId") ?? null,
      authType,
    };
    return data({ asked: null, report: null, reference: context.requestId, failed, typed }, failed.code === "CONFLICT" ? 409 : 422);
  }
}

/** The form's beginning for what smart add found. */
function draftOf(found: FoundServer, presets: readonly Preset[]): Draft {
  const { url, name, auth, signIn } = found;
  const base = baseOf(found.presetId, presets);
  const ownApp = signIn && signIn.registration !== "none" ? null : (base.ownApp ?? (signIn && unknownProvider(signIn.issuer)));
  const scopes = base.scopes.length > 0 ? base.scopes : (signIn?.scopes ?? []);
  const advanced = base.presetId === null ? (signIn?.advanced ?? {}) : base.advanced;
  return { ...base, key: url, name, url, authType: auth, ownApp, scopes, advanced };
}

const draftOfPreset = (preset: Preset): Draft => ({ ...preset, presetId: preset.id, scopes: preset.advanced.scope?.split(" ") ?? [] });

/** What holds at any provider that registers no applications by itself. */
const unknownProvider = (issuer: string): OwnApp => ({
  url: null,
  make: `Look for "developer settings" or "OAuth applications" at the provider (people sign in at ${URL.canParse(issuer) ? new URL(issuer).host : issuer}), and make a web application there.`,
  redirect: "As its redirect or callback URL, letter by letter.",
  copy: "They are on the application's page; the secret is often shown only once.",
});

/** What a preset says that the form does not ask for. */
function baseOf(presetId: string | null | undefined, presets: readonly Preset[]): Draft {
  const preset = presets.find(({ id }) => id === presetId);
  return preset ? draftOfPreset(preset) : custom;
}

function titleOf(draft: Draft | null, first: boolean): string {
  if (draft?.presetId) return `Add ${draft.name}`;
  if (draft && draft.key === undefined) return "Add a custom server";
  return first ? "Add your first connection" : "Add a connection";
}

export default function NewConnection() {
  const { presets, added, draft: chosen, pickable, callbackUrl, first } = useLoaderData<typeof loader>();
  const result = useActionData<typeof action>();
  const within = useReveal<HTMLDivElement>(result?.asked);
  const { report, typed } = result ?? {};
  const looks = chosen === null && !typed;
  const found = report?.found ? draftOf(report.found, presets) : null;
  const draft = typed ? { ...baseOf(typed.presetId, presets), ...typed } : (chosen ?? found);
  return (
    <>
      <PageHeader
        title={titleOf(draft, first)}
        about={
          draft
            ? "Nothing is saved before the server has answered."
            : "Look a server up, or choose one; then one sign-in or key, and agents can use it."
        }
      >
        {draft ? (
          <BackLink to={paths.admin.newConnection}>All servers</BackLink>
        ) : (
          !first && <BackLink to={paths.admin.connections}>Connections</BackLink>
        )}
      </PageHeader>
      <div ref={within} className="space-y-5">
        {looks && <SmartAdd key={`look ${result?.asked ?? ""}`} typed={result?.asked ?? ""} failed={result?.failed ?? null} />}
        {looks && report && <PreflightReport report={report} reference={result?.reference ?? ""} />}
        {draft ? (
          <ConnectionForm
            key={`form ${draft.key ?? draft.presetId ?? "custom"}`}
            draft={draft}
            pickable={pickable}
            failed={typed ? (result?.failed ?? null) : null}
            callbackUrl={callbackUrl}
          />
        ) : (
          <PresetGrid presets={presets} added={added} />
        )}
      </div>
    </>
  );
}
