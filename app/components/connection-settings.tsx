// Editing a connection: its name, its URL, and how its credential is sent.
import { Form, Link, useNavigation } from "@remix-run/react";

import type { ConnectionDetail } from "#server/connections/view.ts";

import { AdvancedFields } from "./advanced-fields.tsx";
import { Advanced, HeaderFields, OAuthClientFields, StaticHeaderFields } from "./auth-fields.tsx";
import { authWords } from "./connection-badges.tsx";
import { FormNotice } from "./failure-panel.tsx";
import type { Failed } from "./failed.ts";
import { Button } from "./ui/button.tsx";
import { Section } from "./ui/card.tsx";
import { Choice } from "./ui/choice.tsx";
import { Field } from "./ui/field.tsx";
import { Notice } from "./ui/notice.tsx";

interface SettingsProps {
  connection: ConnectionDetail;
  callbackUrl: string;
  failed: Failed | null;
  saved: string | null;
}

export function ConnectionSettings({ connection, callbackUrl, failed, saved }: SettingsProps) {
  const { version, name, url, authType, headerName, headerPrefix, oauthClient, advanced, enabled, requestable } = connection;
  const busy = useNavigation().formData?.get("intent") === "settings";
  const errors = failed?.fields ?? {};
  const conflict = failed?.code === "CONFLICT" && Object.keys(errors).length === 0;
  return (
    <Section id="settings" title="Settings" about={authWords[authType]}>
      {/* A saved or reloaded connection starts the form anew; one that was refused keeps what was typed. */}
      <Form method="post" key={version} noValidate className="max-w-xl space-y-4">
        {conflict && (
          <Notice tone="warn" answer title="Somebody else changed this connection">
            <p>{failed.message}</p>
            <Link to="." className="mt-1 inline-block font-medium underline" reloadDocument>
              Load it again
            </Link>
          </Notice>
        )}
        {failed && !conflict && (failed.failure || Object.keys(errors).length === 0) && (
          <FormNotice failed={failed} title="The settings were not saved" />
        )}
        {saved && (
          <Notice tone="good" answer>
            {saved}
          </Notice>
        )}
        <input type="hidden" name="intent" value="settings" />
        <input type="hidden" name="version" value={version} />
        <Field id="name" name="name" label="Name" defaultValue={name} errors={errors.name} required maxLength={80} />
        <Field
          id="url"
          name="url"
          label="URL"
          defaultValue={url}
          errors={errors.url}
          required
          inputMode="url"
          autoComplete="off"
          spellCheck={false}
          hint="Another URL disconnects every account: credentials are never sent to a server they were not made for."
        />
        {authType === "api_key" && (
          <Advanced label="Key header" open={headerName !== null || errors.headerName !== undefined || errors.headerPrefix !== undefined}>
            <HeaderFields errors={errors} headerName={headerName} headerPrefix={headerPrefix} />
            <p className="text-xs text-muted">Another header disconnects every account.</p>
          </Advanced>
        )}
        {authType === "oauth" && (
          <OAuthClientFields errors={errors} callbackUrl={callbackUrl} open={oauthClient?.source === "preregistered"} />
        )}
        {authType === "oauth" && <AdvancedFields values={advanced} errors={errors} warning="A change disconnects every account." />}
        <StaticHeaderFields names={connection.staticHeaderNames} errors={errors} />
        <div className="grid gap-2">
          <Choice
            type="checkbox"
            name="enabled"
            defaultChecked={enabled}
            label="Switched on"
            hint="Off: no agent finds or calls its tools. Accounts and access stay."
          />
          <Choice
            type="checkbox"
            name="requestable"
            defaultChecked={requestable}
            label="Members may ask for access"
            hint="Those without access see its name and can ask. You grant it with one click."
          />
        </div>
        <Button type="submit" busy={busy}>
          Save settings
        </Button>
      </Form>
    </Section>
  );
}
