// "Why can or can't X use this?": the same rule, taken apart into its steps.
import type { Actor } from "#server/auth/actor.ts";
import { db } from "#server/db.ts";
import { env } from "#server/env.ts";
import { notFound } from "#server/errors.ts";

import { grantsReaching, isOpenTo, usableConnections } from "./access.ts";

type Question = "switch" | "rollout" | "grant" | "account" | "server";

/** One step of the answer, in the order in which it decides. */
export interface Step {
  question: Question;
  ok: boolean;
  /** One sentence for an admin. */
  answer: string;
}

export interface Explanation {
  connection: { id: string; name: string };
  member: { id: string; name: string };
  /** Whether a call of this member's agent would be sent right now. */
  canUse: boolean;
  steps: Step[];
}

/** One grant in words. */
function inWords({ membershipId, team }: { membershipId: string | null; team: { name: string } | null }): string {
  if (team) return `the team ${team.name}`;
  return membershipId === null ? "everyone in the organization" : "them personally";
}

const rolloutWords = {
  enabled: "The rollout is enabled for this organization.",
  disabled: "The rollout is off for this organization: only owners and admins use connections until it is enabled.",
  dark: "The rollout is dark for this organization: nobody uses connections until it is enabled.",
};

/** Explains whether and why a member can use a connection. Throws NOT_FOUND for either of another organization. */
export async function explain(
  actor: Actor,
  { connectionId, membershipId }: { connectionId: string; membershipId: string },
): Promise<Explanation> {
  const caller = { orgId: actor.orgId, membershipId };
  const [connection, member] = await Promise.all([
    db.connection.findFirst({
      where: { id: connectionId, orgId: actor.orgId },
      select: {
        id: true,
        name: true,
        disabledAt: true,
      },
    }),
    db.membership.findFirst({
      where: { id: membershipId, orgId: actor.orgId },
      select: { id: true, user: { select: { name: true } }, org: { select: { rollout: true } } },
    }),
  ]);
  if (!connection) throw notFound("connection");
  if (!member) throw notFound("member");
  const [reached, usable, isOpen] = await Promise.all([grantsReaching(caller), usableConnections(caller), isOpenTo(caller)]);
  const state = usable.find(({ id }) => id === connectionId)?.state;
  const { name } = member.user;
  const { rollout } = member.org;

  const steps: Step[] = [];
  if (env.CONNECTIONS_GATING) {
    steps.push({ question: "rollout", ok: isOpen, answer: rolloutWords[rollout] });
  }
  const through = reached.filter((grant) => grant.connectionId === connectionId).map(inWords);
  steps.push(
    through.length > 0
      ? { question: "grant", ok: true, answer: `Access is granted to ${through.join(" and to ")}.` }
      : { question: "grant", ok: false, answer: `No access is granted to ${name}, to a team of theirs, or to everyone.` },
  );
  steps.push({
    question: "switch",
    ok: connection.disabledAt === null,
    answer: connection.disabledAt === null ? "The connection is switched on." : "The connection is switched off.",
  });
  if (state && state.name !== "disabled") {
    const missing = state.name === "needs_connection" || state.name === "reconnect_required";
    steps.push({ question: "account", ok: !missing, answer: missing ? state.message : "An account is connected that calls can run with." });
    if (!missing) steps.push({ question: "server", ok: state.name !== "unreachable", answer: state.message });
  }
  return {
    connection: { id: connection.id, name: connection.name },
    member: { id: member.id, name },
    // By the rule itself, not by the steps: they explain it, they do not decide.
    canUse: state !== undefined && ["ready", "stale", "unreachable"].includes(state.name),
    steps,
  };
}

/** What the caller can use and by which grants: their own side of the same question. */
export async function myAccess(actor: Actor) {
  const [usable, reached] = await Promise.all([usableConnections(actor), grantsReaching(actor)]);
  return usable.map(({ id, name, state, toolCount }) => ({
    connection: { id, name },
    grantedTo: reached.filter(({ connectionId }) => connectionId === id).map(inWords),
    state: state.name,
    message: state.message,
    tools: toolCount,
  }));
}
