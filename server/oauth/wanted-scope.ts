// The scopes of the next sign-in: those granted before and those a call was refused for (2026-07-28, authorization, "Scope Challenge Handling").
import { db } from "#server/db.ts";

import { openTokens, unionOfScopes } from "./token-set.ts";
import { type CredentialKey, rowOf } from "./tokens.ts";

/** Remembers what a call was refused for (insufficient_scope), so that the next sign-in asks for it beside what there is. The call's own audit row speaks of it. */
export async function wantScope(key: CredentialKey, scope: string): Promise<void> {
  const row = await db.credential.findFirst({ where: rowOf(key), select: { wantedScope: true } });
  if (!row) return;
  const wantedScope = unionOfScopes(row.wantedScope, scope);
  if (wantedScope !== row.wantedScope) await db.credential.updateMany({ where: rowOf(key), data: { wantedScope } });
}

/** The scopes to ask for at a new sign-in beside what the server names now: those granted before, and those a call was refused for. */
export async function scopesSoFar({ connectionId, holder, issuer }: { connectionId: string; holder: string; issuer: string }) {
  const row = await db.credential.findUnique({ where: { connectionId_holder: { connectionId, holder } } });
  // Scopes are words of one authorization server; another one need not know them.
  if (!row?.sealed || row.issuer !== issuer) return null;
  return unionOfScopes(openTokens(connectionId, holder, row.sealed).scope, row.wantedScope);
}
