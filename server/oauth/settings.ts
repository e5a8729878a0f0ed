// What an admin sets where a provider bends the standards: the advanced settings of a connection with a sign-in. None of it is secret.
import { z } from "zod";

import { DomainError } from "#server/errors.ts";

const address = z
  .string()
  .trim()
  .max(2_048)
  .refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), "Enter a whole address, with https://.");
// RFC 6749 appendix A: visible ASCII without quotes and backslashes; names of parameters are letters in practice.
const scope = z
  .string()
  .trim()
  .max(2_048)
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*$/, "Enter scopes, with one space between them.");
const parameterName = z
  .string()
  .trim()
  .regex(/^[A-Za-z0-9_.-]{1,64}$/, "A parameter's name has only letters, digits, dots, dashes and underscores.");

/** Parameters that keep the sign-in safe, or have a setting of their own. */
const ours = ["client_id", "client_secret", "code_challenge", "code_challenge_method", "redirect_uri", "request", "request_uri"].concat([
  "resource",
  "response_mode",
  "response_type",
  "scope",
  "state",
]);
const ownParameter = parameterName.refine((name) => !ours.includes(name), "Gatehouse sets this parameter itself.");

export const oauthSettings = z.strictObject({
  /** Whose sign-in it is (RFC 6749): a person's, or the client's own, a service account. Default: authorization_code. */
  grantType: z.enum(["authorization_code", "client_credentials"]).optional(),
  /** How the client proves itself at the token endpoint (RFC 7591 section 2); default: by what the server announces. */
  tokenEndpointAuthMethod: z.enum(["none", "client_secret_basic", "client_secret_post"]).optional(),
  /** Added to the address people are sent to. */
  authorizeParameters: z
    .record(z.string(), z.string().max(1_024))
    .refine((parameters) => Object.keys(parameters).length <= 20, "At most 20 parameters.")
    .superRefine((parameters, context) => {
      for (const name of Object.keys(parameters)) {
        for (const { message } of ownParameter.safeParse(name).error?.issues ?? [])
          context.addIssue({ code: "custom", message: `${name.slice(0, 64)}: ${message}` });
      }
    })
    .optional(),
  /** What to ask for, instead of what the server says. */
  scope: scope.optional(),
  /** The parameter that carries it; default: scope. */
  scopeParameter: ownParameter.optional(),
  /** RFC 8707: the resource identifier to ask tokens for, or whether to leave it out. */
  resource: address.optional(),
  omitResource: z.boolean().optional(),
  /** One of the authorization servers the server names; default: the first that can be used. */
  authorizationServer: address.optional(),
  /** A name of the authorization server that is accepted although it is not the one it was found by (RFC 8414 section 3.3, RFC 9207). */
  trustedIssuer: address.optional(),
  /** Go on where S256 is not announced. It is used all the same. */
  allowMissingPkce: z.boolean().optional(),
  authorizationEndpoint: address.optional(),
  tokenEndpoint: address.optional(),
  /** Where in the token response the token sits, for example authed_user. */
  tokenPath: z
    .string()
    .trim()
    .max(128)
    .regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){0,3}$/, "Enter field names with dots between them, for example authed_user.")
    .optional(),
  /** true: a sign-in without a refresh token is refused. false: none is asked for. */
  expectRefreshToken: z.boolean().optional(),
});
export type OAuthSettings = z.output<typeof oauthSettings>;

/** The stored settings of a connection. Throws INTERNAL for what this version did not write. */
export function settingsFrom(stored: unknown): OAuthSettings {
  const settings = oauthSettings.safeParse(stored ?? {});
  if (!settings.success) throw new DomainError("INTERNAL", "The connection's advanced settings cannot be read.", { cause: settings.error });
  return settings.data;
}
