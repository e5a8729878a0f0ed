// The cards of a connection's admin page.
import { Form, useNavigation } from "@remix-run/react";
import { RefreshCw } from "lucide-react";
import type { ReactNode } from "react";

import type { ConnectionDetail } from "#server/connections/view.ts";

import { AccessPicker, type Pickable } from "./access-picker.tsx";
import { accessWords, AuthBadge, ModeBadge, StateBadge } from "./connection-badges.tsx";
import { FailurePanel } from "./problem-panel.tsx";
import { SignIn } from "./sign-in.tsx";
import { Ago } from "./ui/ago.tsx";
import { Button } from "./ui/button.tsx";
import { ConfirmForm } from "./ui/confirm-form.tsx";
import { Field } from "./ui/field.tsx";
import { Card, Notice } from "./ui/surface.tsx";

type Fields = Record<string, string>;

function useIntent(): string | null {
  const { formData, state } = useNavigation();
  const intent = state === "idle" ? null : formData?.get("intent");
  return typeof intent === "string" ? intent : null;
}

export function StatusCard({ connection, fields }: { connection: ConnectionDetail; fields: Fields }) {
  const { state, failure, server, listedAt, credential, authType } = connection;
  const busy = useIntent();
  const isConnected = credential?.status === "active";
  return (
    <Card>
      <div className="flex flex-wrap items-start justify-between gap-4">
        <div className="min-w-0">
          <p className="flex flex-wrap gap-2">
            <StateBadge state={state} />
            <AuthBadge type={authType} />
            <ModeBadge mode={connection.credentialMode} />
          </p>
          <p className="mt-2 text-soft">{state.message}</p>
        </div>
        {isConnected && (
          <Form method="post">
            <input type="hidden" name="intent" value="refresh" />
            <Button look="secondary" busy={busy === "refresh"}>
              {busy !== "refresh" && <RefreshCw aria-hidden className="size-4" />}
              Refresh now
            </Button>
          </Form>
        )}
      </div>
      {failure && state.name !== "ready" && (
        <div className="mt-4">
          <FailurePanel failure={failure} />
        </div>
      )}
      {(!isConnected || authType === "oauth") && (
        <div className="mt-4">
          <ConnectAgain connection={connection} fields={fields} busy={busy === "connect"} />
        </div>
      )}
      <dl className="mt-5 grid gap-x-8 gap-y-3 border-t border-line pt-4 text-sm sm:grid-cols-2 lg:grid-cols-4">
        <Fact name="Tools">{String(connection.toolCount)}</Fact>
        <Fact name="Who can use it">{accessWords(connection.access)}</Fact>
        <Fact name="Listed">{listedAt ? <Ago at={listedAt} /> : "Never"}</Fact>
        <Fact name="Server">{server.name ? `${server.name} ${server.version ?? ""}` : "Not known yet"}</Fact>
        {server.transport && <Fact name="Protocol">{`${server.protocolVersion ?? ""} (${server.transport})`}</Fact>}
        {credential?.issuer && <Fact name="Signed in at">{credential.issuer}</Fact>}
        {credential && <Fact name="Connected">{<Ago at={credential.createdAt} />}</Fact>}
        {connection.oauthClient && <Fact name="Known there as">{`${connection.oauthClient.clientId} (${connection.oauthClient.source})`}</Fact>}
      </dl>
    </Card>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-faint">{name}</dt>
      <dd className="break-words">{children}</dd>
    </div>
  );
}

function ConnectAgain({ connection, fields, busy }: { connection: ConnectionDetail; fields: Fields; busy: boolean }) {
  const { id, name, authType, credential } = connection;
  if (authType === "oauth") {
    const isConnected = credential?.status === "active";
    return <SignIn connectionId={id} connectionName={name} label={credential ? "Connect again" : "Connect"} look={isConnected ? "secondary" : "primary"} />;
  }
  return (
    <Form method="post" className="flex max-w-lg flex-wrap items-end gap-3">
      <input type="hidden" name="intent" value="connect" />
      {authType === "api_key" && <Field label="API key" name="apiKey" type="password" autoComplete="off" required error={fields.apiKey} className="min-w-0 flex-1 basis-60" />}
      <Button busy={busy}>Connect</Button>
    </Form>
  );
}

export function AccessCard({ connection, people, teams }: { connection: ConnectionDetail } & Pickable) {
  const busy = useIntent() === "access";
  return (
    <Card>
      <Form method="post" className="grid gap-4">
        <input type="hidden" name="intent" value="access" />
        <input type="hidden" name="version" value={connection.version} />
        <AccessPicker key={connection.version} pickable={{ people, teams }} initial={connection.grants} />
        <div>
          <Button look="secondary" busy={busy}>
            Save access
          </Button>
        </div>
      </Form>
    </Card>
  );
}

export function SettingsCard({ connection, fields }: { connection: ConnectionDetail; fields: Fields }) {
  const busy = useIntent() === "settings";
  return (
    <Card title="Settings">
      <Form method="post" className="grid max-w-2xl gap-4">
        <input type="hidden" name="intent" value="settings" />
        <input type="hidden" name="version" value={connection.version} />
        <Field label="Name" name="name" required maxLength={80} defaultValue={connection.name} error={fields.name} />
        <Field
          label="URL"
          name="url"
          required
          inputMode="url"
          defaultValue={connection.url}
          error={fields.url}
          hint="With another URL the stored credentials are forgotten: they were given for this one."
          spellCheck={false}
        />
        {connection.authType === "api_key" && (
          <div className="grid gap-4 sm:grid-cols-2">
            <Field label="Header name" name="headerName" placeholder="Authorization" defaultValue={connection.headerName ?? ""} error={fields.headerName} spellCheck={false} />
            <Field label="Prefix" name="headerPrefix" defaultValue={connection.headerPrefix ?? ""} error={fields.headerPrefix} spellCheck={false} />
          </div>
        )}
        {connection.authType === "oauth" && (
          <details>
            <summary className="cursor-pointer text-sm font-medium text-soft">Use another OAuth app</summary>
            <div className="mt-3 grid gap-4 sm:grid-cols-2">
              <Field label="Client id" name="clientId" autoComplete="off" error={fields["oauthClient.clientId"]} spellCheck={false} />
              <Field label="Client secret" name="clientSecret" type="password" autoComplete="off" error={fields["oauthClient.clientSecret"]} />
            </div>
          </details>
        )}
        <div>
          <Button look="secondary" busy={busy}>
            Save settings
          </Button>
        </div>
      </Form>
    </Card>
  );
}

export function DangerZone({ connection }: { connection: ConnectionDetail }) {
  const { name, credential, access, toolCount } = connection;
  const people = access?.people ?? 0;
  const touched = people === 1 ? "1 person loses" : `${people} people lose`;
  return (
    <section aria-labelledby="danger" className="rounded-xl border border-bad/40 p-5">
      <h2 id="danger" className="font-semibold">
        Danger zone
      </h2>
      <div className="mt-3 grid gap-4">
        {credential && (
          <ConfirmForm intent="disconnect" label="Disconnect" title={`Disconnect ${name}?`} confirm="Disconnect">
            <p>
              Every stored credential is revoked at the provider and forgotten. {touched} its {toolCount} tools until somebody connects it again. Settings and access stay.
            </p>
          </ConfirmForm>
        )}
        <ConfirmForm intent="remove" label="Delete connection" title={`Delete ${name}?`} confirm="Delete for good">
          <p>
            Settings, access, all credentials, registered clients and {toolCount} tools are deleted. {touched} it for good.
          </p>
        </ConfirmForm>
        <Notice tone="neutral">The audit trail keeps what was done with it.</Notice>
      </div>
    </section>
  );
}
