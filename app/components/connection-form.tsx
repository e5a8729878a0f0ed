// The form of a new connection. Nothing typed is lost when it fails; secrets stay in the fields of this page and are never sent back to it.
import { Form, useNavigation } from "@remix-run/react";
import { useState } from "react";

import { paths } from "#app/paths.ts";
import type { OwnApp } from "#server/connections/presets.ts";
import type { OAuthSettings } from "#server/oauth/settings.ts";

import { AccessPicker, type Pickable } from "./access-picker.tsx";
import { AdvancedFields } from "./advanced-fields.tsx";
import { KeyFields, OAuthClientFields, StaticHeaderFields } from "./auth-fields.tsx";
import type { Failed } from "./failed.ts";
import { FormNotice } from "./failure-panel.tsx";
import { Button, ButtonLink } from "./ui/button.tsx";
import { Card } from "./ui/card.tsx";
import { Choice } from "./ui/choice.tsx";
import { Field } from "./ui/field.tsx";
import { Notice } from "./ui/notice.tsx";
import { OwnAppGuide } from "./own-app-guide.tsx";
import { useReveal } from "./ui/reveal.ts";

/** What the form starts with: a preset, what was typed before, or nothing. */
export interface Draft {
  /** Tells the drafts of smart add apart; a form that failed keeps what was typed under it. */
  key?: string;
  presetId: string | null;
  name: string;
  url: string;
  authType: "oauth" | "api_key" | "none";
  credentialMode: "shared" | "per_member";
  note: string | null;
  /** Guides through making an OAuth app first; null: nobody has to. */
  ownApp: OwnApp | null;
  /** What the server asks people to allow, where that is known. */
  scopes: string[];
  /** What a preset sets for a provider that bends the standards. */
  advanced: OAuthSettings;
}

const authChoices = [
  { value: "oauth", label: "Sign-in (OAuth)", hint: "Somebody signs in at the provider." },
  { value: "api_key", label: "API key", hint: "A key or token, sent in a header." },
  { value: "none", label: "No sign-in", hint: "Open to whoever reaches it." },
] as const;

const modes = [
  { value: "shared", label: "One shared account", hint: "An admin connects it once, for everybody." },
  { value: "per_member", label: "Each person connects their own", hint: "Calls run as the person who asks." },
] as const;

const placed = [
  "name",
  "url",
  "apiKey",
  "headerName",
  "headerPrefix",
  "oauthClient",
  "oauthClient.clientId",
  "oauthClient.clientSecret",
  "credentialMode",
];

interface ConnectionFormProps {
  draft: Draft;
  pickable: Pickable;
  failed: Failed | null;
  callbackUrl: string;
}

export function ConnectionForm({ draft, pickable, failed, callbackUrl }: ConnectionFormProps) {
  const [authType, setAuthType] = useState(draft.authType);
  const [mode, setMode] = useState(draft.credentialMode);
  // A refused form comes back with what was typed alone; what was found before it still guides.
  const [{ ownApp, scopes }] = useState(draft);
  const within = useReveal<HTMLFormElement>(failed);
  const busy = useNavigation().formMethod === "POST";
  const errors = failed?.fields ?? {};
  const besideField = Object.keys(errors).some((path) => placed.includes(path) || /^(advanced|staticHeaders)/.test(path));
  // Only an admin can enter a key, so a key is always the shared account's.
  const modeChoices = authType === "oauth" ? modes : modes.slice(0, 1);
  return (
    <Form ref={within} method="post" noValidate className="max-w-2xl space-y-5">
      {failed && (failed.failure || !besideField) && <FormNotice failed={failed} title="The server could not be added" />}
      {draft.note && <Notice tone="info">{draft.note}</Notice>}
      <input type="hidden" name="presetId" value={draft.presetId ?? ""} />
      <input type="hidden" name="draft" value={draft.key ?? ""} />
      <Card className="space-y-5 p-4 sm:p-5">
        <Field
          id="name"
          name="name"
          label="Name"
          defaultValue={draft.name}
          errors={errors.name}
          maxLength={80}
          required
          hint="What people and agents call it."
        />
        <Field
          id="url"
          name="url"
          label="URL"
          defaultValue={draft.url}
          errors={errors.url}
          inputMode="url"
          autoComplete="off"
          spellCheck={false}
          required
          placeholder="https://mcp.example.com/mcp"
        />
      </Card>
      <Card className="space-y-5 p-4 sm:p-5">
        <fieldset>
          <legend className="mb-1.5 font-medium">How does it know who calls?</legend>
          <div className="grid gap-2 sm:grid-cols-3">
            {authChoices.map((choice) => (
              <Choice
                key={choice.value}
                type="radio"
                name="authType"
                checked={authType === choice.value}
                onChange={() => setAuthType(choice.value)}
                {...choice}
              />
            ))}
          </div>
        </fieldset>
        {authType === "api_key" && <KeyFields errors={errors} />}
        {authType === "oauth" &&
          (ownApp ? (
            <OwnAppGuide ownApp={ownApp} scopes={scopes} errors={errors} callbackUrl={callbackUrl} />
          ) : (
            <OAuthClientFields errors={errors} callbackUrl={callbackUrl} open={false} />
          ))}
        {authType === "oauth" && <AdvancedFields values={draft.advanced} errors={errors} />}
        <StaticHeaderFields names={[]} errors={errors} />
        {authType !== "none" && (
          <fieldset>
            <legend className="mb-1.5 font-medium">Whose account is used?</legend>
            <div className="grid gap-2 sm:grid-cols-2">
              {modeChoices.map((choice) => (
                <Choice
                  key={choice.value}
                  type="radio"
                  name="credentialMode"
                  checked={modeChoices.length === 1 || mode === choice.value}
                  onChange={() => setMode(choice.value)}
                  {...choice}
                />
              ))}
            </div>
          </fieldset>
        )}
      </Card>
      <Card className="p-4 sm:p-5">
        <AccessPicker pickable={pickable} initial={{ organization: true, membershipIds: [], teamIds: [] }} />
      </Card>
      <div className="flex flex-wrap items-center gap-2">
        <Button type="submit" kind="primary" busy={busy}>
          Add connection
        </Button>
        <ButtonLink to={paths.admin.newConnection} kind="quiet">
          Cancel
        </ButtonLink>
        <p role="status" className="text-muted">
          {busy && "Trying the server. This can take a few seconds."}
        </p>
      </div>
    </Form>
  );
}
