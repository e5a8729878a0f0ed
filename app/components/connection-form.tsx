// The form of a new connection. Nothing typed is lost when it fails: secrets stay in the fields of this page and nowhere else.
import { Form, useNavigation } from "@remix-run/react";
import { ArrowLeft } from "lucide-react";
import { useState } from "react";

import type { Problem } from "#app/api-error.ts";

import { AccessPicker, type Pickable } from "./access-picker.tsx";
import { ProblemPanel } from "./problem-panel.tsx";
import { Button } from "./ui/button.tsx";
import { Choice, Field } from "./ui/field.tsx";
import { Card, Notice } from "./ui/surface.tsx";

export interface ConnectionDraft {
  presetId: string | null;
  name: string;
  url: string;
  authType: "oauth" | "api_key" | "none";
  credentialMode: "shared" | "per_member";
  note: string | null;
  needsOwnClient: boolean;
}

interface ConnectionFormProps {
  draft: ConnectionDraft;
  pickable: Pickable;
  problem: Problem | null;
  origin: string;
  onBack: () => void;
}

const authChoices = [
  { value: "oauth", title: "Sign in with OAuth", about: "Somebody signs in at the provider." },
  { value: "api_key", title: "API key", about: "A key or token in a header." },
  { value: "none", title: "No sign-in", about: "The server is open to whoever reaches it." },
] as const;

/** The field errors that have a field to stand at on this form. */
const shownFields = new Set(["name", "url", "apiKey", "headerName", "headerPrefix", "oauthClient", "oauthClient.clientId", "oauthClient.clientSecret"]);

export function ConnectionForm({ draft, pickable, problem, origin, onBack }: ConnectionFormProps) {
  const [authType, setAuthType] = useState(draft.authType);
  const busy = useNavigation().state === "submitting";
  const fields = problem?.fields ?? {};
  const elsewhere = problem && (problem.failure || !Object.keys(fields).some((path) => shownFields.has(path))) ? problem : null;
  return (
    <Form method="post" className="grid max-w-2xl gap-5">
      <div>
        <Button type="button" look="quiet" onClick={onBack} className="-ml-3">
          <ArrowLeft aria-hidden className="size-4" />
          All servers
        </Button>
      </div>
      <ProblemPanel problem={elsewhere} />
      {draft.note && <Notice tone="accent">{draft.note}</Notice>}
      {draft.presetId && <input type="hidden" name="presetId" value={draft.presetId} />}
      <Card title="Server">
        <div className="grid gap-4">
          <Field label="Name" name="name" required maxLength={80} defaultValue={draft.name} error={fields.name} hint="What people and agents call it." />
          <Field label="URL" name="url" type="text" inputMode="url" required defaultValue={draft.url} error={fields.url} placeholder="https://mcp.example.com/mcp" spellCheck={false} />
        </div>
      </Card>
      <Card title="Sign-in">
        <div className="grid gap-4">
          <fieldset>
            <legend className="sr-only">How does this server sign people in?</legend>
            <div className="grid gap-2 sm:grid-cols-3">
              {authChoices.map(({ value, title, about }) => (
                <Choice key={value} type="radio" name="authType" value={value} title={title} about={about} checked={authType === value} onChange={() => setAuthType(value)} />
              ))}
            </div>
          </fieldset>
          {authType === "api_key" && <KeyFields fields={fields} />}
          {authType === "oauth" && <ClientFields fields={fields} origin={origin} open={draft.needsOwnClient || fields.oauthClient !== undefined} />}
          {fields.authType && <p className="text-sm text-bad">{fields.authType}</p>}
          {authType !== "none" && (
            <fieldset>
              <legend className="mb-2 text-sm font-medium">Whose account is used?</legend>
              <div className="grid gap-2 sm:grid-cols-2">
                <Choice type="radio" name="credentialMode" value="shared" defaultChecked={draft.credentialMode === "shared"} title="One shared account" about="An admin connects it once for everybody." />
                <Choice
                  type="radio"
                  name="credentialMode"
                  value="per_member"
                  defaultChecked={draft.credentialMode === "per_member"}
                  title="Each person connects their own"
                  about="Calls run as the person who asks."
                />
              </div>
            </fieldset>
          )}
        </div>
      </Card>
      <Card>
        <AccessPicker pickable={pickable} initial={{ organization: true, membershipIds: [], teamIds: [] }} />
        {(fields["access.membershipIds"] ?? fields["access.teamIds"]) && <p className="mt-2 text-sm text-bad">{fields["access.membershipIds"] ?? fields["access.teamIds"]}</p>}
      </Card>
      <div className="flex flex-wrap items-center gap-3">
        <Button busy={busy}>Add connection</Button>
        <p className="text-sm text-faint" role="status">
          {busy ? "Trying the server..." : ""}
        </p>
      </div>
    </Form>
  );
}

function KeyFields({ fields }: { fields: Problem["fields"] }) {
  return (
    <div className="grid gap-4">
      <Field label="API key" name="apiKey" type="password" autoComplete="off" required error={fields.apiKey} hint="Stored sealed. Nobody can read it again, not even you." />
      <details open={fields.headerName !== undefined || fields.headerPrefix !== undefined}>
        <summary className="cursor-pointer text-sm font-medium text-soft">The key goes into another header</summary>
        <div className="mt-3 grid gap-4 sm:grid-cols-2">
          <Field label="Header name" name="headerName" placeholder="Authorization" error={fields.headerName} hint="For example X-API-Key." spellCheck={false} />
          <Field label="Prefix" name="headerPrefix" error={fields.headerPrefix} hint="What stands before the key. Leave empty for none." spellCheck={false} />
        </div>
      </details>
    </div>
  );
}

function ClientFields({ fields, origin, open }: { fields: Problem["fields"]; origin: string; open: boolean }) {
  return (
    <details open={open}>
      <summary className="cursor-pointer text-sm font-medium text-soft">Use an OAuth app of your own</summary>
      <div className="mt-3 grid gap-4">
        {fields.oauthClient && (
          <p role="alert" className="text-sm text-bad">
            {fields.oauthClient}
          </p>
        )}
        <p className="text-sm text-soft">
          Create an OAuth app at the provider with this redirect URL: <code className="rounded bg-sunken px-1.5 py-0.5 font-mono text-[13px] break-all">{origin}/oauth/callback</code>
        </p>
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="Client id" name="clientId" autoComplete="off" error={fields["oauthClient.clientId"]} spellCheck={false} />
          <Field label="Client secret" name="clientSecret" type="password" autoComplete="off" error={fields["oauthClient.clientSecret"]} hint="Leave empty if the app has none." />
        </div>
      </div>
    </details>
  );
}
