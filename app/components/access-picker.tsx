// "Who can use this?": the whole organization, teams, people; and how many people that means.
import { useState } from "react";

import { Choice } from "./ui/field.tsx";

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
  const count = organization ? people.length : people.filter(({ id, teamIds: own }) => membershipIds.includes(id) || own.some((team) => teamIds.includes(team))).length;
  if (count === 0) return "Nobody can use it yet. You can change this at any time.";
  return count === 1 ? "That is 1 person." : `That is ${count} people.`;
}

export function AccessPicker({ pickable, initial }: { pickable: Pickable; initial: Chosen }) {
  const [chosen, setChosen] = useState(initial);
  const toggle = (list: string[], id: string, on: boolean) => (on ? [...list, id] : list.filter((other) => other !== id));
  return (
    <fieldset>
      <legend className="mb-2 text-sm font-medium">Who can use this?</legend>
      <div className="grid gap-2">
        <Choice
          type="checkbox"
          name="organization"
          value="1"
          checked={chosen.organization}
          onChange={(event) => setChosen({ ...chosen, organization: event.target.checked })}
          title="Everyone in the organization"
          about="Also people who join later."
        />
        {!chosen.organization && (
          <div className="grid gap-2 sm:grid-cols-2">
            {pickable.teams.map(({ id, name, members }) => (
              <Choice
                key={id}
                type="checkbox"
                name="teamIds"
                value={id}
                checked={chosen.teamIds.includes(id)}
                onChange={(event) => setChosen({ ...chosen, teamIds: toggle(chosen.teamIds, id, event.target.checked) })}
                title={name}
                about={`Team of ${members}`}
              />
            ))}
            {pickable.people.map(({ id, name, email }) => (
              <Choice
                key={id}
                type="checkbox"
                name="membershipIds"
                value={id}
                checked={chosen.membershipIds.includes(id)}
                onChange={(event) => setChosen({ ...chosen, membershipIds: toggle(chosen.membershipIds, id, event.target.checked) })}
                title={name}
                about={email}
              />
            ))}
          </div>
        )}
      </div>
      <p className="mt-2 text-sm text-soft" role="status">
        {summary(chosen, pickable.people)}
      </p>
    </fieldset>
  );
}

/** The picker's answer in a submitted form. */
export function accessOf(form: FormData): Chosen {
  const ids = (name: string) => form.getAll(name).filter((value) => typeof value === "string");
  const organization = form.get("organization") === "1";
  return organization ? { organization, membershipIds: [], teamIds: [] } : { organization, membershipIds: ids("membershipIds"), teamIds: ids("teamIds") };
}
