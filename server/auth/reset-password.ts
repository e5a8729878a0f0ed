// A forgotten password: the operator sets a new one, and every browser that is signed in with the old one is out.
import { record } from "#server/audit/record.ts";
import { db, transaction } from "#server/db.ts";
import { notFound } from "#server/errors.ts";
import { changed } from "#server/freshness.ts";
import { randomSecret } from "#server/seal.ts";

import { hashPassword } from "./password.ts";

/** Gives the user a new random password and ends their sessions. Throws NOT_FOUND. */
export async function resetPassword({
  email,
  by,
  requestId,
}: {
  email: string;
  by: string;
  requestId: string;
}): Promise<{ password: string }> {
  const user = await db.user.findUnique({ where: { email }, include: { memberships: { select: { id: true, orgId: true } } } });
  if (!user) throw notFound("person");
  const password = randomSecret(12);
  const passwordHash = await hashPassword(password);
  await transaction(async (tx) => {
    await tx.user.update({ where: { id: user.id }, data: { passwordHash } });
    await tx.session.deleteMany({ where: { userId: user.id } });
    for (const { id, orgId } of user.memberships) {
      const target = { type: "member", id, name: user.name } as const;
      await record(tx, { via: "system", orgId, name: by, requestId }, { action: "user.password_reset", target });
    }
  });
  for (const { orgId } of user.memberships) changed(orgId);
  return { password };
}
