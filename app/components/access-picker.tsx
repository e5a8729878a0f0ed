// "Who can use this?": the whole organization, or teams and people; and how many people that means.
import { useState } from "react";

import { Choice } from "./ui/choice.tsx";

export interface Pickable {
  people: { id: string; name: string; email: string; teamIds: string[] }[];
  teams: { id: string; name: string; members: number }[];
}

interface Chosen {
  organization: boolean;
  membershipIds: string[];
  teamIds: string[];
}

function summary({ organization, membershipIds, teamIds }: Chosen, people: Pickable["people"]): string {
  const reached = organization
    ? people
    : people.filter(({ id, teamIds: own }) => membershipIds.includes(id) || own.some((team) => teamIds.includes(team)));
  if (reached.length === 0) return "Nobody can use it yet, admins included.";
  return reached.length === 1 ? "1 person can use it." : `${reached.length} people can use it.`;
}

const toggled = (list: string[], id: string, on: boolean) => (on ? [...list, id] : list.filter((other) => other !== id));

/** Sends `organization`, `teamIds` and `membershipIds`. */
export function AccessPicker({ pickable, initial, hideLegend = false }: { pickable: Pickable; initial: Chosen; hideLegend?: boolean }) {
  const [chosen, setChosen] = useState(initial);
  return (
    <fieldset className="min-w-0">
      <legend className={hideLegend ? "sr-only" : "mb-1.5 font-medium"}>Who can use this?</legend>
      <Choice
        type="checkbox"
        name="organization"
        checked={chosen.organization}
        onChange={(event) => setChosen({ ...chosen, organization: event.target.checked })}
        label="Everyone in the organization"
        hint="Also people who join later."
      />
      {!chosen.organization && (
        <div className="mt-2 max-h-72 space-y-3 overflow-y-auto rounded-lg border border-line bg-sunken p-2.5">
          {pickable.teams.length > 0 && (
            <div role="group" aria-label="Teams" className="grid gap-2 sm:grid-cols-2">
              {pickable.teams.map(({ id, name, members }) => (
                <Choice
                  key={id}
                  type="checkbox"
                  name="teamIds"
                  value={id}
                  checked={chosen.teamIds.includes(id)}
                  onChange={(event) => setChosen({ ...chosen, teamIds: toggled(chosen.teamIds, id, event.target.checked) })}
                  label={name}
                  hint={members === 1 ? "Team of 1" : `Team of ${members}`}
                />
              ))}
            </div>
          )}
          <div role="group" aria-label="People" className="grid gap-2 sm:grid-cols-2">
            {pickable.people.map(({ id, name, email }) => (
              <Choice
                key={id}
                type="checkbox"
                name="membershipIds"
                value={id}
                checked={chosen.membershipIds.includes(id)}
                onChange={(event) => setChosen({ ...chosen, membershipIds: toggled(chosen.membershipIds, id, event.target.checked) })}
                label={name}
                hint={email}
              />
            ))}
          </div>
        </div>
      )}
      <p className="mt-2 text-xs text-muted" aria-live="polite">
        {summary(chosen, pickable.people)}
      </p>
    </fieldset>
  );
}
