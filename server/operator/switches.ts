// The operator's commands about the installation: the staged rollout, and the keys that seal secrets.
import type { Rollout } from "#server/db.ts";
import { env } from "#server/env.ts";
import { notFound } from "#server/errors.ts";
import { readRollout, setRollout } from "#server/orgs/rollout.ts";

import { actorIn, type Answer, type Command, table } from "./command.ts";
import { reseal } from "./reseal.ts";

const rolloutWords: Record<Rollout, string> = {
  enabled: "everybody uses connections",
  disabled: "owners and admins stage, members see none",
  dark: "nobody uses connections",
};

async function rolloutStatus(slug: string | undefined): Promise<Answer> {
  const organizations = await readRollout(slug);
  if (slug !== undefined && organizations.length === 0) throw notFound("organization");
  const gate = env.CONNECTIONS_GATING
    ? "The gate is on (CONNECTIONS_GATING=1): the switches below count."
    : "The gate is off (CONNECTIONS_GATING=0): everybody uses connections, whatever the switches below say.";
  const rows = organizations.map(({ slug: of, rollout }) => [of, rollout, rolloutWords[rollout]]);
  return { data: { gating: env.CONNECTIONS_GATING, organizations }, lines: [gate, ...table(rows)] };
}

function rolloutCommand(rollout: Rollout): Command {
  return {
    needs: [],
    takes: ["org"],
    usage: "[--org <slug>]",
    about: `${rolloutWords[rollout]}; without --org in every organization`,
    run: async ({ org }) => {
      const slugs = org === undefined ? (await readRollout()).map(({ slug }) => slug) : [org];
      for (const slug of slugs) await setRollout(await actorIn(slug), { rollout });
      return rolloutStatus(org);
    },
  };
}

export const switchCommands: Readonly<Record<string, Command>> = {
  "secrets reseal": {
    needs: [],
    takes: [],
    usage: "",
    about: "seals every stored secret with the first key of SECRET_KEYS",
    run: async () => {
      const data = await reseal();
      const { credentials, oauthClients, staticHeaders, attempts, agentRecords } = data;
      return {
        data,
        lines: [
          `Sealed anew: ${credentials} credentials, ${oauthClients} OAuth clients, static headers of ${staticHeaders} connections, ${attempts} sign-ins under way, ${agentRecords} records of agents.`,
        ],
      };
    },
  },
  "rollout status": {
    needs: [],
    takes: ["org"],
    usage: "[--org <slug>]",
    about: "the gate, and the switch of each organization",
    run: ({ org }) => rolloutStatus(org),
  },
  "rollout enable": rolloutCommand("enabled"),
  "rollout disable": rolloutCommand("disabled"),
  "rollout dark": rolloutCommand("dark"),
};
