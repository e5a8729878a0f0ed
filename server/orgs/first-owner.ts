// The first owner of an empty database: through the one-time link printed at start, or through BOOTSTRAP_*.
import { z } from "zod";

import { record } from "#server/audit/record.ts";
import { countTry } from "#server/auth/limits.ts";
import { hashPassword } from "#server/auth/password.ts";
import { startSession } from "#server/auth/sessions.ts";
import type { Visit } from "#server/auth/sign-in.ts";
import { db, transaction, type Tx } from "#server/db.ts";
import type { Env } from "#server/env.ts";
import { DomainError } from "#server/errors.ts";
import { parseInput } from "#server/parse.ts";
import { hashSecret, randomSecret } from "#server/seal.ts";

import { emailAddress, newPassword, organizationName, personName } from "./account.ts";
import { createOrganization } from "./create-organization.ts";

export const setupInput = z.object({ organization: organizationName, name: personName, email: emailAddress, password: newPassword });
type SetupInput = z.output<typeof setupInput>;

async function createOwner(tx: Tx, { organization, name, email, passwordHash }: SetupInput & { passwordHash: string }, requestId: string) {
  const user = await tx.user.create({ data: { email, name, passwordHash } });
  const { org, membership } = await createOrganization(tx, { name: organization, user, requestId });
  await tx.setupLink.deleteMany();
  return { org, user, membership };
}

/** Whether nobody is there, and nobody comes before `tx` ends: replicas that start together must not both make the first owner. */
async function staysEmpty(tx: Tx): Promise<boolean> {
  await tx.$executeRaw`LOCK TABLE "User" IN SHARE ROW EXCLUSIVE MODE`;
  return (await tx.user.count()) === 0;
}

/** A fresh one-time set-up token while nobody is there, else null. Links of earlier starts stay good until one is used. */
export async function createSetupLink(): Promise<string | null> {
  if ((await db.user.count()) > 0) return null;
  const token = randomSecret();
  await db.setupLink.create({ data: { tokenHash: hashSecret(token) } });
  return token;
}

/** Whether this set-up token can still be used. */
export async function isSetupOpen(token: string): Promise<boolean> {
  return (await db.setupLink.count({ where: { tokenHash: hashSecret(token) } })) > 0;
}

function setupOver(): DomainError {
  return new DomainError("EXPIRED", "This set-up link was used already. Sign in, or ask the owner to invite you.");
}

/** Creates organization and first owner, once, and signs them in. Throws EXPIRED when the link was used or never existed. */
export async function setUp(visit: Visit, token: string, given: z.input<typeof setupInput>): Promise<{ setCookie: string }> {
  await countTry({ address: visit.address });
  const input = parseInput(setupInput, given);
  // Before the expensive part: hashing for links that never were would be a way to keep us busy.
  if (!(await isSetupOpen(token))) throw setupOver();
  const passwordHash = await hashPassword(input.password);
  return transaction(async (tx) => {
    const empty = await staysEmpty(tx);
    // Deleting the row is what uses the link up: of two at the same time only one finds it.
    const used = await tx.setupLink.deleteMany({ where: { tokenHash: hashSecret(token) } });
    if (used.count === 0 || !empty) throw setupOver();
    const { org, user } = await createOwner(tx, { ...input, passwordHash }, visit.requestId);
    return { setCookie: await startSession(tx, { userId: user.id, orgId: org.id }, visit.origin) };
  });
}

/** On an empty database: the organization, owner and admin API token that BOOTSTRAP_* name. Afterwards they are ignored. Returns whether it did. */
export async function bootstrap(env: Env): Promise<boolean> {
  const { BOOTSTRAP_ORG: organization, BOOTSTRAP_EMAIL: email, BOOTSTRAP_PASSWORD: password, BOOTSTRAP_TOKEN: token } = env;
  if (!organization || !email || !password || (await db.user.count()) > 0) return false;
  const input = parseInput(setupInput, { organization, email, password, name: email.split("@")[0] });
  const passwordHash = await hashPassword(password);
  return transaction(async (tx) => {
    if (!(await staysEmpty(tx))) return false;
    const { org, membership } = await createOwner(tx, { ...input, passwordHash }, "start");
    if (!token) return true;
    const row = await tx.agentToken.create({
      data: {
        orgId: org.id,
        membershipId: membership.id,
        name: "Bootstrap",
        tokenHash: hashSecret(token),
        hint: token.slice(-4),
        scopes: ["admin"],
      },
    });
    await record(
      tx,
      { via: "system", orgId: org.id, name: "BOOTSTRAP_TOKEN", requestId: "start" },
      {
        action: "agent_token.created",
        target: { type: "agent_token", id: row.id, name: row.name },
      },
    );
    return true;
  });
}
