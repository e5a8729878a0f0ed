// One team: its name, its members, and deleting it.
import { Form, useNavigation } from "@remix-run/react";

import { Advanced } from "./auth-fields.tsx";
import { Confirm } from "./confirm.tsx";
import type { Failed } from "./failed.ts";
import { FormNotice } from "./failure-panel.tsx";
import { Picker } from "./picker.tsx";
import { Button } from "./ui/button.tsx";
import { Section } from "./ui/card.tsx";
import { Field } from "./ui/field.tsx";

export interface TeamRow {
  id: string;
  name: string;
  members: number;
  connections: number;
}

interface Person {
  id: string;
  name: string;
  email: string;
  teamIds: string[];
}

interface TeamCardProps {
  team: TeamRow;
  people: readonly Person[];
  failed: Failed | null;
  /** Which of its forms failed. */
  intent: string | null;
}

const counted = (count: number, one: string, many: string) => (count === 1 ? `1 ${one}` : `${count} ${many}`);

export function TeamCard({ team: { id, name, members, connections }, people, failed, intent }: TeamCardProps) {
  const data = useNavigation().formData;
  const busy = (wanted: string) => data?.get("id") === id && data.get("intent") === wanted;
  const mine = people.filter(({ teamIds }) => teamIds.includes(id));
  const names = mine.map((person) => person.name).join(", ");
  return (
    <Section
      id={`team-${id}`}
      title={name}
      about={`${counted(members, "person", "people")}, access to ${counted(connections, "connection", "connections")}.`}
      actions={
        <Confirm
          label="Delete"
          accessibleName={`Delete the team ${name}`}
          size="sm"
          intent="remove"
          fields={{ id }}
          title={`Delete the team ${name}?`}
          about={
            <p>
              {counted(members, "person loses", "people lose")} what was granted to this team:{" "}
              {counted(connections, "connection", "connections")}. Access they have another way stays.
            </p>
          }
        />
      }
    >
      <div className="space-y-4">
        <p className="wrap-anywhere text-muted">{names === "" ? "Nobody is in this team yet." : names}</p>
        <Advanced label="Change members" open={failed !== null && intent === "members"}>
          {/* The key starts the form anew with the members that were saved. */}
          <Form method="post" key={mine.map((person) => person.id).join()} className="max-w-2xl space-y-4">
            {intent === "members" && <FormNotice failed={failed} />}
            <input type="hidden" name="intent" value="members" />
            <input type="hidden" name="id" value={id} />
            <Picker
              legend="Members"
              name="membershipIds"
              options={people.map((person) => ({ id: person.id, label: person.name, hint: person.email }))}
              chosen={mine.map((person) => person.id)}
            />
            <Button type="submit" busy={busy("members")}>
              Save members
            </Button>
          </Form>
        </Advanced>
        <Advanced label="Rename" open={failed !== null && intent === "rename"}>
          <Form method="post" key={name} noValidate className="flex max-w-xl flex-wrap items-end gap-2">
            <input type="hidden" name="intent" value="rename" />
            <input type="hidden" name="id" value={id} />
            <Field
              id={`rename-${id}`}
              name="name"
              label="Name"
              required
              maxLength={60}
              defaultValue={name}
              errors={intent === "rename" ? failed?.fields.name : undefined}
              className="min-w-56 flex-1"
            />
            <Button type="submit" busy={busy("rename")}>
              Save name
            </Button>
          </Form>
        </Advanced>
      </div>
    </Section>
  );
}
