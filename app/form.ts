// Reading submitted forms.
import type { AccessInput, CreateInput } from "#server/connections/schema.ts";

/** A text field; empty when it is missing or a file. */
export function text(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
}

/** A text field that may be left out: undefined when it is empty. */
export function optionalText(form: FormData, name: string): string | undefined {
  return text(form, name).trim() || undefined;
}

/** All values of a field that may be there several times. */
export function texts(form: FormData, name: string): string[] {
  return form.getAll(name).filter((value) => typeof value === "string");
}

/** What the access picker sends. */
export function accessOf(form: FormData): AccessInput {
  if (form.get("organization") === "on") return { organization: true, membershipIds: [], teamIds: [] };
  return { organization: false, membershipIds: texts(form, "membershipIds"), teamIds: texts(form, "teamIds") };
}

/** What the advanced settings of a sign-in send; undefined where they were not on the page. */
export function advancedOf(form: FormData): CreateInput["advanced"] {
  if (!form.has("advanced")) return undefined;
  const field = (name: string) => optionalText(form, `advanced.${name}`)?.trim();
  const method = field("tokenEndpointAuthMethod");
  const refresh = field("expectRefreshToken");
  const parameters = Object.fromEntries(new URLSearchParams(field("authorizeParameters")));
  return {
    grantType: field("grantType") === "client_credentials" ? "client_credentials" : undefined,
    scope: field("scope"),
    scopeParameter: field("scopeParameter"),
    authorizeParameters: Object.keys(parameters).length > 0 ? parameters : undefined,
    tokenEndpointAuthMethod: method === "client_secret_basic" || method === "client_secret_post" || method === "none" ? method : undefined,
    expectRefreshToken: refresh === undefined ? undefined : refresh === "yes",
    resource: field("resource"),
    omitResource: form.has("advanced.omitResource") || undefined,
    authorizationServer: field("authorizationServer"),
    trustedIssuer: field("trustedIssuer"),
    allowMissingPkce: form.has("advanced.allowMissingPkce") || undefined,
    authorizationEndpoint: field("authorizationEndpoint"),
    tokenEndpoint: field("tokenEndpoint"),
    tokenPath: field("tokenPath"),
  };
}

/** What the field for extra headers sends, one in each line; undefined where nothing is to change. */
export function staticHeadersOf(form: FormData): Record<string, string> | undefined {
  if (form.has("removeStaticHeaders")) return {};
  const lines = text(form, "staticHeaders")
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
  if (lines.length === 0) return undefined;
  // A line without a colon may be a secret alone: it is refused without being repeated.
  const headerOf = (line: string): [string, string] => {
    const colon = line.indexOf(":");
    return colon < 0 ? ["", ""] : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
  };
  return Object.fromEntries(lines.map(headerOf));
}
