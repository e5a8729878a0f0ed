// What a credential of auth type `oauth` holds, sealed: the tokens, and what is needed to renew and revoke them.
import type { AuthorizationServerMetadata, OAuthClientInformationMixed, OAuthTokens } from "@modelcontextprotocol/client";
import { z } from "zod";

import { DomainError } from "#server/errors.ts";
import { sealer } from "#server/secrets.ts";

export interface TokenSet {
  accessToken: string;
  refreshToken: string | null;
  scope: string | null;
  /** When they were handed out, in milliseconds since 1970. */
  issuedAt: number;
  /** RFC 8707: sent again with each refresh; null: left out there too. */
  resource: string | null;
  /** Where the token sits in the answers of this token endpoint, if not at the top. */
  tokenPath?: string | undefined;
  /** Of a service account: renewed by asking again, without a refresh token. */
  isService?: boolean | undefined;
  issuer: string;
  serverMetadata: AuthorizationServerMetadata;
  /** Whom they were given to: a registration that is replaced later does not orphan them. */
  client: OAuthClientInformationMixed;
}

const outline = z.looseObject({
  accessToken: z.string(),
  refreshToken: z.string().nullable(),
  issuedAt: z.number(),
  resource: z.string().nullable(),
  tokenPath: z.string().optional(),
  isService: z.boolean().optional(),
  issuer: z.string(),
  serverMetadata: z.looseObject({}),
  client: z.looseObject({ client_id: z.string() }),
});

function isTokenSet(value: unknown): value is TokenSet {
  return outline.safeParse(value).success;
}

const binding = (connectionId: string, holder: string) => `credential:${connectionId}:${holder}`;

/** Whether these tokens can be renewed without a person. */
export function isRenewable({ refreshToken, isService = false }: Pick<TokenSet, "refreshToken" | "isService">): boolean {
  return refreshToken !== null || isService;
}

/** The sealed columns of these tokens for a Credential row. */
export function tokenColumns(connectionId: string, holder: string, tokens: TokenSet, lifetimeSeconds: number | undefined) {
  return {
    sealed: sealer.seal(JSON.stringify(tokens), binding(connectionId, holder)),
    issuer: tokens.issuer,
    expiresAt: lifetimeSeconds === undefined ? null : new Date(Date.now() + lifetimeSeconds * 1000),
    renewable: isRenewable(tokens),
  };
}

/** Opens the sealed column of a Credential row. */
export function openTokens(connectionId: string, holder: string, sealed: string): TokenSet {
  const tokens: unknown = JSON.parse(sealer.open(sealed, binding(connectionId, holder)));
  if (!isTokenSet(tokens)) throw new DomainError("INTERNAL", "The stored tokens cannot be read.");
  return tokens;
}

/** Scopes of one credential, whatever servers ask for over time. */
const maxScopes = 100;
const maxScopeLength = 200;

/** All scopes of these lists, each once, in their order; null when there are none. */
export function unionOfScopes(...lists: (string | null)[]): string | null {
  const all = lists.flatMap((list) => list?.split(" ") ?? []).filter((scope) => scope !== "" && scope.length <= maxScopeLength);
  const union = [...new Set(all)].slice(0, maxScopes);
  return union.length > 0 ? union.join(" ") : null;
}

/** A token response as a token set. `refreshAuthorization` has put the old refresh token where none came back (RFC 6749 section 6); the scope stays likewise. */
export function toTokenSet(
  response: OAuthTokens,
  context: Pick<TokenSet, "issuer" | "resource" | "tokenPath" | "serverMetadata" | "client">,
  before?: Pick<TokenSet, "scope">,
): TokenSet {
  return {
    ...context,
    accessToken: response.access_token,
    refreshToken: response.refresh_token ?? null,
    scope: response.scope ?? before?.scope ?? null,
    issuedAt: Date.now(),
  };
}
