// What a connection may be made of: the shapes that the routers, the forms and the verbs share.
import { z } from "zod";

import { oauthSettings } from "#server/oauth/settings.ts";

const id = z.string().min(1).max(64);
// RFC 9110 section 5.1: a field name is a token.
const headerToken = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// Headers that are ours or the transport's: a key in one of them would break the protocol or be dropped.
const reservedHeaders =
  /^(host|content-.*|connection|transfer-encoding|accept|cookie|mcp-.*|te|upgrade|keep-alive|proxy-.*|last-event-id)$/i;

export const accessInput = z.object({
  organization: z.boolean(),
  membershipIds: z.array(id).max(1_000),
  teamIds: z.array(id).max(200),
});
export type AccessInput = z.output<typeof accessInput>;

const name = z.string().trim().min(1, "Give the connection a name.").max(80, "The name is too long (80 characters at most).");
const url = z.string().trim().min(1, "Enter the server's URL.").max(2_048, "The URL is too long (2,048 characters at most).");
const apiKey = z
  .string()
  .trim()
  .min(1, "Enter the API key.")
  .max(8_192, "The API key is too long.")
  .regex(/^[\x21-\x7e]+( [\x21-\x7e]+)*$/, "The API key may hold only printable ASCII characters.");
const headerName = z
  .string()
  .trim()
  .max(128)
  .regex(headerToken, "This is not a valid header name.")
  .refine((value) => !reservedHeaders.test(value), "This header is set by the protocol itself and cannot carry a key.");
const headerPrefix = z
  .string()
  .max(64)
  .regex(/^[\x20-\x7e]*$/, "The prefix may hold only printable ASCII characters.");
/** A header that could change who calls, or break the protocol, is no setting: RFC 9110 section 7.6.1 for those of one hop. */
const forbiddenHeaders = /^(authorization|trailer|expect|origin|forwarded|x-forwarded-.*)$/i;
const staticHeaders = z
  .record(z.string(), z.string())
  .superRefine((headers, context) => {
    const names = Object.keys(headers);
    const issue = (name: string, message: string) => {
      context.addIssue({ code: "custom", path: [name.slice(0, 128)], message });
    };
    if (names.length > 10) context.addIssue({ code: "custom", message: "At most 10 headers." });
    for (const [name, value] of Object.entries(headers)) {
      if (name === "") issue(name, "Write each header as a name, a colon and its value.");
      else if (!headerToken.test(name) || name.length > 128) issue(name, "This is not a valid header name.");
      else if (reservedHeaders.test(name) || forbiddenHeaders.test(name)) issue(name, "Gatehouse or the protocol sets this header itself.");
      if (names.some((other) => other !== name && other.toLowerCase() === name.toLowerCase())) issue(name, "This header is there twice.");
      if (!/^[\x21-\x7e]+( +[\x21-\x7e]+)*$/.test(value) || value.length > 4_096)
        issue(name, "The value has to be 1 to 4,096 printable ASCII characters.");
    }
  })
  .transform((headers) => Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])));
const oauthClient = z.object({
  clientId: z.string().trim().min(1, "Enter the client id.").max(512),
  clientSecret: z.string().trim().max(2_048).optional(),
});
export type OAuthClientInput = z.output<typeof oauthClient>;
export const createInput = z
  .object({
    name,
    url,
    presetId: z.string().max(40).optional(),
    authType: z.enum(["oauth", "api_key", "none"]),
    credentialMode: z.enum(["shared", "per_member"]),
    apiKey: apiKey.optional(),
    headerName: headerName.optional(),
    headerPrefix: headerPrefix.optional(),
    oauthClient: oauthClient.optional(),
    /** Stored as a whole: what is left out goes back to its default. */
    advanced: oauthSettings.optional(),
    /** Sent with every request to the server, beside the credential. */
    staticHeaders: staticHeaders.optional(),
    access: accessInput,
  })
  .superRefine((value, context) => {
    const issue = (path: string, message: string) => {
      context.addIssue({ code: "custom", path: [path], message });
    };
    if (value.authType === "api_key" && !value.apiKey) issue("apiKey", "Enter the API key.");
    if (value.authType !== "api_key" && value.apiKey) issue("apiKey", "Only a connection with an API key takes one.");
    if (value.authType !== "api_key" && (value.headerName || value.headerPrefix))
      issue("headerName", "Only a connection with an API key has a key header.");
    if (value.headerName && value.staticHeaders?.[value.headerName.toLowerCase()] !== undefined)
      issue("staticHeaders", "The key is sent in this header already.");
    if (value.authType !== "oauth" && value.oauthClient) issue("oauthClient", "Only a connection with OAuth has a client.");
    if (value.authType !== "oauth" && value.advanced) issue("advanced", "Only a connection with OAuth has these settings.");
    if (value.authType === "none" && value.credentialMode === "per_member") {
      issue("credentialMode", "A server without sign-in has no accounts: choose One shared account.");
    }
    if (value.advanced?.grantType === "client_credentials" && value.credentialMode !== "shared")
      issue("credentialMode", "A service account is one for everybody: choose One shared account.");
  });
export type CreateInput = z.output<typeof createInput>;

/** `version` is the one the form was loaded with; a newer one in the database is a CONFLICT. */
export const updateInput = z.object({
  id,
  version: z.number().int().positive(),
  name: name.optional(),
  url: url.optional(),
  headerName: headerName.nullable().optional(),
  headerPrefix: headerPrefix.nullable().optional(),
  oauthClient: oauthClient.optional(),
  /** Stored as a whole: what is left out goes back to its default. */
  advanced: oauthSettings.optional(),
  /** In place of those there are; empty: none any more. */
  staticHeaders: staticHeaders.optional(),
  /** Switched off agent finds or calls its tools; accounts and access stay. */
  enabled: z.boolean().optional(),
  /** Members without access see its name and may ask for it. */
  requestable: z.boolean().optional(),
});
export type UpdateInput = z.output<typeof updateInput>;

/** Connects without OAuth: an API key for `api_key`, nothing for `none`. */
export const connectInput = z.object({ id, apiKey: apiKey.optional() });
export type ConnectInput = z.output<typeof connectInput>;

/** What an admin knows of a server: its name, its host or its URL. */
export const preflightInput = z.object({
  text: z.string().trim().min(1, "Enter a name, a host or a URL.").max(2_048, "This is too long (2,048 characters at most)."),
});
export type PreflightInput = z.output<typeof preflightInput>;

export const idInput = z.object({ id });
export const reviewInput = z.object({ id, asOf: z.coerce.date() });
export const listInput = z.object({ scope: z.enum(["usable", "manageable"]).default("usable") }).default({ scope: "usable" });
