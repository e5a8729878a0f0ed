// Token endpoints that answer in a way of their own, read as RFC 6749 section 5 has it: form-encoded, an error with status 200, the token inside an object.
import { oauthFetch } from "./oauth-fetch.ts";

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The fields of an answer; null when it is neither JSON nor a form. */
function fieldsOf(text: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : null;
  } catch {
    const form = new URLSearchParams(text);
    return form.has("access_token") || form.has("error") ? Object.fromEntries(form) : null;
  }
}

function inside(fields: Record<string, unknown>, path: string): Record<string, unknown> | null {
  let found: unknown = fields;
  for (const name of path.split(".")) found = isObject(found) && Object.hasOwn(found, name) ? found[name] : null;
  return isObject(found) ? found : null;
}

/** What Slack and GitHub call these errors of RFC 6749 section 5.2. */
const otherNames: Record<string, string> = {
  bad_client_secret: "invalid_client",
  incorrect_client_credentials: "invalid_client",
  invalid_client_id: "invalid_client",
  bad_refresh_token: "invalid_grant",
  bad_verification_code: "invalid_grant",
  invalid_code: "invalid_grant",
  invalid_refresh_token: "invalid_grant",
  token_expired: "invalid_grant",
};

/** Entra's codes for "no resource parameter here", which RFC 8707 section 2 calls invalid_target. */
const entraResource = /AADSTS(9010010|901002)\b/;

function errorOf({ error, error_description: description }: Record<string, unknown>): string | null {
  if (typeof error !== "string") return null;
  if (typeof description === "string" && entraResource.test(description)) return "invalid_target";
  return otherNames[error.toLowerCase()] ?? error;
}

function standard(fields: Record<string, unknown>, path: string | undefined): Record<string, unknown> {
  // Slack calls them "user"; nobody here sends a token in any other way than as a bearer.
  if (path === undefined) return { ...fields, token_type: "Bearer" };
  // The lifetime may stand beside it, but a token outside is another one (Slack's bot).
  return { ...fields, access_token: undefined, refresh_token: undefined, ...inside(fields, path), token_type: "Bearer" };
}

/** The guarded fetch for token requests. `path` says where the token sits. Throws as `oauthFetch`. */
export function tokenFetch(path: string | undefined): typeof oauthFetch {
  return async (url, init) => {
    const response = await oauthFetch(url, init);
    const { status } = response;
    const text = await response.text();
    const fields = fieldsOf(text);
    if (fields === null) return new Response(text, { status: response.ok ? 502 : status });
    const error = errorOf(fields);
    if (error !== null) return Response.json({ error }, { status: response.ok ? 400 : status });
    return Response.json(response.ok ? standard(fields, path) : fields, { status });
  };
}
