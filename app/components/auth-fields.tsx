// The fields of a credential: an API key with its header, and an OAuth app of the organization's own.
import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";

import { CopyLine } from "./ui/copy.tsx";
import { Choice } from "./ui/choice.tsx";
import { Field, FieldError, TextArea } from "./ui/field.tsx";

type Errors = Record<string, string[]>;

/** Fields that few people need, behind a line of text. */
export function Advanced({ label, open, children }: { label: string; open: boolean; children: ReactNode }) {
  return (
    <details open={open} className="group">
      <summary className="inline-flex list-none items-center gap-1 rounded text-muted hover:text-ink">
        <ChevronRight aria-hidden className="size-4 transition-transform group-open:rotate-90" />
        {label}
      </summary>
      <div className="mt-3 space-y-4 border-l-2 border-line pl-4">{children}</div>
    </details>
  );
}

interface HeaderFieldsProps {
  errors: Errors;
  headerName?: string | null;
  headerPrefix?: string | null;
}

export function HeaderFields({ errors, headerName, headerPrefix }: HeaderFieldsProps) {
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <Field
        id="headerName"
        name="headerName"
        label="Header name"
        optional
        placeholder="Authorization"
        spellCheck={false}
        autoComplete="off"
        defaultValue={headerName ?? ""}
        errors={errors.headerName}
        hint="For example X-API-Key."
      />
      <Field
        id="headerPrefix"
        name="headerPrefix"
        label="Prefix"
        optional
        spellCheck={false}
        autoComplete="off"
        defaultValue={headerPrefix ?? ""}
        errors={errors.headerPrefix}
        hint="Stands before the key, for example Bearer."
      />
    </div>
  );
}

export function KeyFields({ errors }: { errors: Errors }) {
  return (
    <div className="space-y-4">
      <Field
        id="apiKey"
        name="apiKey"
        label="API key"
        type="password"
        autoComplete="off"
        required
        errors={errors.apiKey}
        hint="Stored sealed. Nobody can read it here again, not even you."
      />
      <Advanced label="Send the key in another header" open={errors.headerName !== undefined || errors.headerPrefix !== undefined}>
        <HeaderFields errors={errors} />
      </Advanced>
    </div>
  );
}

/** The client of an OAuth app; both are stored, the secret sealed. */
export function ClientFields({ errors, demanded }: { errors: Errors; demanded: boolean }) {
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <Field
        id="clientId"
        name="clientId"
        label="Client ID"
        optional={!demanded}
        autoComplete="off"
        spellCheck={false}
        errors={errors["oauthClient.clientId"]}
      />
      <Field
        id="clientSecret"
        name="clientSecret"
        label="Client secret"
        optional
        type="password"
        autoComplete="off"
        errors={errors["oauthClient.clientSecret"]}
      />
    </div>
  );
}

/** Headers beside the credential. Their values cannot be read here again: those there are stay until others take their place. */
export function StaticHeaderFields({ names, errors }: { names: readonly string[]; errors: Errors }) {
  const found = Object.entries(errors).filter(([path]) => path === "staticHeaders" || path.startsWith("staticHeaders."));
  const messages = found.flatMap(([path, words]) => words.map((word) => (path.length <= 14 ? word : `${path.slice(14)}: ${word}`)));
  return (
    <Advanced label="Extra headers" open={found.length > 0}>
      {names.length > 0 && (
        <p>
          Sent with every request: <span className="font-mono text-xs">{names.join(", ")}</span>
        </p>
      )}
      <TextArea
        id="staticHeaders"
        name="staticHeaders"
        label={names.length > 0 ? "Replace them with" : "Headers"}
        optional
        rows={3}
        autoComplete="off"
        spellCheck={false}
        placeholder="X-Tenant: harbor-pine"
        errors={messages}
        hint="One in each line, with a colon. Stored sealed, sent to this server alone, and treated as secrets: where the server repeats a value, agents do not see it."
      />
      {names.length > 0 && <Choice type="checkbox" name="removeStaticHeaders" label="Send no extra headers any more" />}
    </Advanced>
  );
}

export function OAuthClientFields({ errors, callbackUrl, open }: { errors: Errors; callbackUrl: string; open: boolean }) {
  const demanded = ["oauthClient", "oauthClient.clientId", "oauthClient.clientSecret"].some((path) => errors[path]);
  return (
    <Advanced key={String(demanded)} label="Use an OAuth app of your own" open={open || demanded}>
      <FieldError errors={errors.oauthClient} />
      <div>
        <p className="mb-1.5 text-muted">
          Create an OAuth app at the provider and allow this redirect URL. A new secret for the same client ID disconnects nobody.
        </p>
        <CopyLine text={callbackUrl} what="redirect URL" />
      </div>
      <ClientFields errors={errors} demanded={open || demanded} />
    </Advanced>
  );
}
