// The people of the demo organization. Connections are added afterwards through the product itself, so they are proven, not painted.
import { record } from "#server/audit/record.ts";
import { db, transaction } from "#server/db.ts";
import { hashSecret } from "#server/seal.ts";

import { createMember, createTeam } from "./factories.ts";

export const demoOrganization = "Harbor & Pine";

export const demoPeople = [
  { name: "Mira Okafor", email: "mira@harborpine.example", role: "owner", team: null },
  { name: "Jonas Lind", email: "jonas@harborpine.example", role: "admin", team: "Finance" },
  { name: "Priya Raman", email: "priya@harborpine.example", role: "member", team: "Support" },
  { name: "Tomás Vidal", email: "tomas@harborpine.example", role: "member", team: "Support" },
] as const;

/** Fills an empty, open database with the demo organization; everybody gets `password`, the owner an admin API token of the value `adminToken`. */
export async function seed({ password, adminToken }: { password: string; adminToken: string }): Promise<void> {
  const org = await db.organization.create({ data: { name: demoOrganization, slug: "harbor-pine" } });
  const people = await Promise.all(demoPeople.map(({ name, email, role }) => createMember(org, { name, email, role, password })));
  const ids = new Map(demoPeople.map(({ name }, index) => [name, people[index]?.membershipId ?? ""]));
  for (const team of ["Finance", "Support"]) {
    await createTeam(
      org,
      team,
      demoPeople.filter((person) => person.team === team).map(({ name }) => ids.get(name) ?? ""),
    );
  }
  const owner = people[0];
  if (!owner) return;
  await transaction(async (tx) => {
    const data = {
      orgId: org.id,
      membershipId: owner.membershipId,
      name: "Demo set-up",
      tokenHash: hashSecret(adminToken),
      hint: adminToken.slice(-4),
      scopes: ["admin"],
    };
    const token = await tx.agentToken.create({ data });
    await record(tx, owner.actor, { action: "agent_token.created", target: { type: "agent_token", id: token.id, name: token.name } });
  });
}
