// The account of a connection: what is stored, and the way to connect it, by a sign-in, by a key, or at once.
import { Form, useNavigation } from "@remix-run/react";

import { Advanced } from "#app/components/auth-fields.tsx";
import { EndingNotice, SecretNotice } from "#app/components/connection-health.tsx";
import type { Failed } from "#app/components/failed.ts";
import { FormNotice } from "#app/components/failure-panel.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { Section } from "#app/components/ui/card.tsx";
import { Field } from "#app/components/ui/field.tsx";
import { Notice } from "#app/components/ui/notice.tsx";
import { Time } from "#app/components/ui/time.tsx";
import type { ConnectionDetail } from "#server/connections/view.ts";

import { SignIn } from "./sign-in.tsx";

interface ConnectPanelProps {
  connection: ConnectionDetail;
  /** Whether the admin may use the connection: an own account needs that. */
  mayUse: boolean;
  failed: Failed | null;
}

export function ConnectPanel({ connection, mayUse, failed }: ConnectPanelProps) {
  const { credentialMode, credential, state, endsAt, oauthClient } = connection;
  const shared = credentialMode === "shared";
  return (
    <Section
      id="account"
      title={shared ? "Shared account" : "Your own account"}
      about={shared ? "Everyone's calls run with it." : "Each person connects their own; this one is yours."}
    >
      <div className="space-y-4">
        {credential?.status === "active" && (
          <p>
            Connected <Time at={credential.createdAt} />
            {credential.issuer && URL.canParse(credential.issuer) && <> at {new URL(credential.issuer).host}</>}.
            {credential.expiresAt && credential.expiresAt > new Date() && !endsAt && (
              <span className="text-muted">
                {" "}
                {credential.renewable ? "The access token is renewed" : "The sign-in ends"} <Time at={credential.expiresAt} />.
              </span>
            )}
          </p>
        )}
        {credential?.status !== "active" && <p className="text-muted">{state.message}</p>}
        <EndingNotice endsAt={endsAt} />
        <SecretNotice oauthClient={oauthClient} />
        {!shared && !mayUse ? (
          <Notice tone="info">To connect your own account, give yourself access below first.</Notice>
        ) : (
          <Way connection={connection} failed={failed} />
        )}
      </div>
    </Section>
  );
}

function Way({
  connection: { id, name, authType, advanced, credential },
  failed,
}: {
  connection: ConnectionDetail;
  failed: Failed | null;
}) {
  const label = credential ? "Reconnect" : "Connect";
  const kind = credential?.status === "active" ? "secondary" : "primary";
  const busy = useNavigation().formData?.get("intent") === "connect";
  const isService = advanced.grantType === "client_credentials";
  if (authType === "oauth" && !isService) return <SignIn connectionId={id} connectionName={name} label={label} kind={kind} />;
  const form = (
    <Form method="post" noValidate className="max-w-xl space-y-4">
      <input type="hidden" name="intent" value="connect" />
      {failed && (failed.failure || !failed.fields.apiKey) && <FormNotice failed={failed} title="The server could not be connected" />}
      {authType === "api_key" && (
        <Field id="connect-key" name="apiKey" label="API key" type="password" autoComplete="off" required errors={failed?.fields.apiKey} />
      )}
      <Button type="submit" kind={kind} busy={busy}>
        {label}
      </Button>
    </Form>
  );
  if (authType === "api_key" && credential?.status === "active") {
    return (
      <Advanced label="Use another key" open={failed !== null}>
        {form}
      </Advanced>
    );
  }
  return form;
}
