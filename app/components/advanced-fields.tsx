// The advanced settings of a sign-in: for providers that bend the standards. Each says when it is needed.
import type { OAuthSettings } from "#server/oauth/settings.ts";

import { Advanced } from "./auth-fields.tsx";
import { Choice } from "./ui/choice.tsx";
import { Field } from "./ui/field.tsx";
import { Select } from "./ui/select.tsx";

interface TextSetting {
  name: Exclude<keyof OAuthSettings, "grantType" | "authorizeParameters" | "omitResource" | "allowMissingPkce" | "expectRefreshToken">;
  label: string;
  hint: string;
  placeholder?: string;
}

const asked: readonly TextSetting[] = [
  { name: "scope", label: "Scopes", hint: "What to ask for, with spaces between. Empty: what the server says." },
  { name: "scopeParameter", label: "Scope parameter", hint: "Where the provider wants them under another name.", placeholder: "scope" },
];

const server: readonly TextSetting[] = [
  { name: "resource", label: "Resource", hint: "Where the provider wants another identifier than the server's own." },
  { name: "authorizationServer", label: "Authorization server", hint: "Where the server names several. Empty: the first that works." },
  { name: "trustedIssuer", label: "Trusted issuer", hint: "A second name of the sign-in server. Only one the provider itself documents." },
  { name: "authorizationEndpoint", label: "Authorize endpoint", hint: "Where people are sent, if the provider does not announce it." },
  { name: "tokenEndpoint", label: "Token endpoint", hint: "Where tokens come from, if the provider does not announce it." },
  { name: "tokenPath", label: "Where the token is", hint: "The field of the answer that holds the token.", placeholder: "authed_user" },
];

const methods = [
  { value: "", label: "As the provider announces" },
  { value: "client_secret_basic", label: "In a header (client_secret_basic)" },
  { value: "client_secret_post", label: "In the body (client_secret_post)" },
  { value: "none", label: "No secret (none)" },
];

const grantTypes = [
  { value: "", label: "A person, at the provider" },
  { value: "client_credentials", label: "A service account (client credentials)" },
];

const refreshTokens = [
  { value: "", label: "Either way" },
  { value: "yes", label: "Expected: refuse a sign-in without one" },
  { value: "no", label: "Not expected: do not ask for one" },
];

interface AdvancedFieldsProps {
  values: OAuthSettings;
  errors: Record<string, string[]>;
  /** Said where a change costs something. */
  warning?: string;
}

export function AdvancedFields({ values, errors, warning }: AdvancedFieldsProps) {
  const refused = Object.keys(errors).some((path) => path.startsWith("advanced"));
  const errorsOf = (name: string) =>
    Object.entries(errors).flatMap(([path, messages]) =>
      path === `advanced.${name}` || path.startsWith(`advanced.${name}.`) ? messages : [],
    );
  const text = ({ name, ...field }: TextSetting) => (
    <Field
      key={name}
      id={`advanced.${name}`}
      name={`advanced.${name}`}
      defaultValue={values[name] ?? ""}
      errors={errorsOf(name)}
      autoComplete="off"
      spellCheck={false}
      {...field}
    />
  );
  return (
    <Advanced label="Advanced settings" open={refused}>
      <p className="text-xs text-muted">Most servers need none of these. {warning}</p>
      <input type="hidden" name="advanced" value="shown" />
      <Select
        id="advanced.grantType"
        name="advanced.grantType"
        label="Who signs in"
        hint="A service account signs in with the client id and secret above; nobody has to be at a browser."
        defaultValue={values.grantType ?? ""}
        options={grantTypes}
        errors={errorsOf("grantType")}
      />
      {asked.map(text)}
      <Field
        id="advanced.authorizeParameters"
        name="advanced.authorizeParameters"
        label="Extra authorize parameters"
        defaultValue={new URLSearchParams(values.authorizeParameters).toString()}
        errors={errorsOf("authorizeParameters")}
        placeholder="access_type=offline&prompt=consent"
        hint="Added to the address people are sent to; name=value, with & between."
        autoComplete="off"
        spellCheck={false}
      />
      <Select
        id="advanced.tokenEndpointAuthMethod"
        name="advanced.tokenEndpointAuthMethod"
        label="Token endpoint authentication"
        hint="How the client secret is sent, if the provider refuses a right one."
        defaultValue={values.tokenEndpointAuthMethod ?? ""}
        options={methods}
      />
      <Select
        id="advanced.expectRefreshToken"
        name="advanced.expectRefreshToken"
        label="Refresh token"
        hint="With one, a sign-in renews itself; without, people sign in again when it ends."
        defaultValue={values.expectRefreshToken === undefined ? "" : values.expectRefreshToken ? "yes" : "no"}
        options={refreshTokens}
      />
      {server.map(text)}
      <Choice
        type="checkbox"
        name="advanced.omitResource"
        defaultChecked={values.omitResource}
        label="Leave out the resource parameter"
        hint="For providers that refuse it, such as those behind Microsoft Entra."
      />
      <Choice
        type="checkbox"
        name="advanced.allowMissingPkce"
        defaultChecked={values.allowMissingPkce}
        label="Allow missing PKCE metadata"
        hint="For providers that support PKCE and do not say so. It is used all the same."
      />
    </Advanced>
  );
}
