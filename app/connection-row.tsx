// One of a person's own connections: its state, its tools, and what they themselves can do about it.
import { Form, Link, useNavigation } from "@remix-run/react";

import { Advanced } from "#app/components/auth-fields.tsx";
import { Confirm } from "#app/components/confirm.tsx";
import { countTools, ModeBadge, StateBadge } from "#app/components/connection-badges.tsx";
import { ConnectionGlyph } from "#app/components/connection-glyph.tsx";
import { EndingBadge, EndingNotice, PauseWords } from "#app/components/connection-health.tsx";
import type { Failed } from "#app/components/failed.ts";
import { FailurePanel, FormNotice } from "#app/components/failure-panel.tsx";
import { Button, ButtonLink } from "#app/components/ui/button.tsx";
import { cx } from "#app/components/ui/cx.ts";
import { Field } from "#app/components/ui/field.tsx";
import { Notice } from "#app/components/ui/notice.tsx";
import { Time } from "#app/components/ui/time.tsx";
import { paths } from "#app/paths.ts";
import { SignIn } from "#app/sign-in.tsx";
import type { ConnectionSummary } from "#server/connections/view.ts";

/** Whether an account is missing before the connection can be used. */
export const isMissing = ({ state }: ConnectionSummary) => state.name === "needs_connection" || state.name === "reconnect_required";

interface RowProps {
  connection: ConnectionSummary;
  membershipId: string;
  admin: boolean;
  /** A link of an agent led here. */
  asked: boolean;
  /** What the last form of this row came to. */
  failed: Failed | null;
  done: string | null;
}

function KeyForm({ connection: { id, name, state }, failed, done }: Pick<RowProps, "connection" | "failed" | "done">) {
  const data = useNavigation().formData;
  const busy = data?.get("intent") === "connect" && data.get("id") === id;
  const errors = failed?.fields.apiKey;
  const form = (
    // A saved key leaves no trace in the field.
    <Form method="post" key={done} noValidate className="flex max-w-xl flex-wrap items-end gap-2">
      <input type="hidden" name="intent" value="connect" />
      <input type="hidden" name="id" value={id} />
      <Field
        id={`key-${id}`}
        name="apiKey"
        label={`Your API key for ${name}`}
        type="password"
        autoComplete="off"
        required
        errors={errors}
        hint="Stored sealed. Nobody can read it again."
        className="min-w-56 flex-1"
      />
      <Button type="submit" kind="primary" busy={busy} className={errors ? "mb-7" : "mb-6"}>
        {state.name === "needs_connection" ? "Connect" : "Save key"}
      </Button>
    </Form>
  );
  return (
    <div className="space-y-3">
      {failed && (failed.failure || !errors) && <FormNotice failed={failed} title={`${name} could not be connected`} />}
      {state.name === "needs_connection" || state.name === "reconnect_required" ? (
        form
      ) : (
        <Advanced label="Use another key" open={failed !== null}>
          {form}
        </Advanced>
      )}
    </div>
  );
}

/** What a person does about an account of their own. */
function OwnAccount({ connection, membershipId, asked, failed, done }: Omit<RowProps, "admin">) {
  const { id, name, url, authType, state, connectedForMe, endsAt, failure } = connection;
  const kind = isMissing(connection) || asked ? "primary" : "secondary";
  return (
    <div className="space-y-3 sm:pl-12">
      {done && (
        <Notice tone="good" answer>
          {done}
        </Notice>
      )}
      <EndingNotice endsAt={endsAt} />
      {failure && !failed && (
        <FailurePanel
          failure={failure}
          reference={failure.reference ?? undefined}
          subject={url}
          title={`${name} did not answer your account`}
        />
      )}
      {authType === "oauth" ? (
        <SignIn
          connectionId={id}
          connectionName={name}
          label={state.name === "needs_connection" ? "Connect" : "Reconnect"}
          kind={kind}
          size="sm"
        />
      ) : (
        <KeyForm connection={connection} failed={failed} done={done} />
      )}
      {(connectedForMe || state.name === "reconnect_required") && (
        <Confirm
          label="Disconnect"
          accessibleName={`Disconnect ${name}`}
          size="sm"
          intent="disconnect"
          fields={{ id, membershipId }}
          title={`Disconnect your ${name} account?`}
          about={<p>Gatehouse forgets your account, and your agents lose its tools at once. You can connect it again at any time.</p>}
        />
      )}
    </div>
  );
}

function Manage({ connection }: { connection: ConnectionSummary }) {
  const missing = isMissing(connection);
  return (
    <ButtonLink to={paths.admin.connection(connection.id)} size="sm" kind={missing ? "primary" : "secondary"} className="ml-12 sm:ml-0">
      {missing ? "Connect the account" : "Manage"}
      <span className="sr-only"> of {connection.name}</span>
    </ButtonLink>
  );
}

export function ConnectionRow({ connection, admin, ...rest }: RowProps) {
  const { id, name, state, credentialMode, authType, toolCount, lastSuccessAt, connectedForMe, pause } = connection;
  const own = credentialMode === "per_member";
  return (
    <li id={id} className={cx("flex flex-col gap-3 px-4 py-4 sm:px-5", rest.asked && "bg-accent-soft/40")}>
      <div className="flex flex-wrap items-start gap-3">
        <ConnectionGlyph name={name} />
        <div className="min-w-0 flex-1 basis-[calc(100%-3rem)] sm:basis-0">
          <div className="flex flex-wrap items-center gap-x-2 gap-y-1.5">
            <h3 className="mr-1 text-base font-semibold">{name}</h3>
            <StateBadge state={state} pause={pause} />
            <EndingBadge endsAt={connection.endsAt} />
            <ModeBadge mode={credentialMode} />
          </div>
          <p className="mt-1 text-muted">
            {own && connectedForMe && <span className="font-medium text-ink">Connected as you. </span>}
            {toolCount > 0 && !isMissing(connection) && (
              <Link to={paths.connectionTools(id)} className="font-medium text-accent-ink underline">
                {countTools(toolCount)}
                <span className="sr-only"> of {name}</span>
              </Link>
            )}
            {state.name === "ready" ? toolCount === 0 && countTools(0) : ` ${state.message}`}
            {state.name === "ready" && lastSuccessAt && (
              <>
                , last answered <Time at={lastSuccessAt} />
              </>
            )}
            <PauseWords pause={pause} />
          </p>
        </div>
        {admin && !own && <Manage connection={connection} />}
      </div>
      {own && authType !== "none" && state.name !== "disabled" && <OwnAccount connection={connection} {...rest} />}
    </li>
  );
}
