// Minting a token: for agents (mcp:read, mcp:write) or for the machine interface (admin).
import { z } from "zod";

import { record } from "#server/audit/record.ts";
import { type Actor, tokenScopes } from "#server/auth/actor.ts";
import { demand } from "#server/auth/permissions.ts";
import { transaction } from "#server/db.ts";
import { badInput } from "#server/errors.ts";
import { hashSecret } from "#server/seal.ts";

import { newToken } from "./format.ts";

export const createTokenInput = z.object({
  name: z
    .string()
    .trim()
    .min(1, "Give the token a name, for example the agent's.")
    .max(80, "The name is too long (80 characters at most)."),
  scopes: z.array(z.enum(tokenScopes)).min(1, "Choose what the token may do."),
  expiresInDays: z.number().int().min(1, "At least one day.").max(366, "At most 366 days."),
});

/** Creates a token that acts as its creator. The token itself is in the result and nowhere else. Throws FORBIDDEN for the scope `admin`, BAD_INPUT. */
export async function create(
  actor: Actor,
  { name, scopes, expiresInDays }: z.output<typeof createTokenInput>,
): Promise<{ id: string; token: string }> {
  const unique = [...new Set(scopes)];
  if (unique.includes("admin")) {
    demand(actor, "adminToken.create");
    if (unique.length > 1) throw badInput("scopes", "A token is either for agents or for the machine interface, not for both.");
  }
  const token = newToken();
  const row = await transaction(async (tx) => {
    const created = await tx.agentToken.create({
      data: {
        orgId: actor.orgId,
        membershipId: actor.membershipId,
        name,
        scopes: unique,
        tokenHash: hashSecret(token),
        hint: token.slice(-4),
        expiresAt: new Date(Date.now() + expiresInDays * 86_400_000),
      },
    });
    await record(tx, actor, {
      action: "agent_token.created",
      target: { type: "agent_token", id: created.id, name },
      details: { scopes: unique, expiresInDays },
    });
    return created;
  });
  return { id: row.id, token };
}
