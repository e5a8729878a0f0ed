// The people of an organization: role, teams, and what goes with them when they are removed.
import { Form, useNavigation } from "@remix-run/react";

import { Confirm } from "./confirm.tsx";
import { Badge } from "./ui/badge.tsx";
import { Button } from "./ui/button.tsx";
import { Select } from "./ui/select.tsx";
import { Time } from "./ui/time.tsx";

export const roles = [
  { value: "member", label: "Member" },
  { value: "admin", label: "Admin" },
  { value: "owner", label: "Owner" },
] as const;

export interface MemberRow {
  id: string;
  name: string;
  email: string;
  role: "owner" | "admin" | "member";
  createdAt: Date;
  teamIds: string[];
  accounts: number;
  tokens: number;
}

interface MemberListProps {
  members: readonly MemberRow[];
  teams: readonly { id: string; name: string }[];
  me: { membershipId: string; role: MemberRow["role"] };
}

const counted = (count: number, one: string, many: string) => (count === 1 ? `1 ${one}` : `${count} ${many}`);

function RoleForm({ member, offered }: { member: MemberRow; offered: readonly { value: string; label: string }[] }) {
  const data = useNavigation().formData;
  const busy = data?.get("intent") === "role" && data.get("id") === member.id;
  return (
    // The key starts the form anew with the role that was saved.
    <Form method="post" key={member.role} className="flex items-end gap-2">
      <input type="hidden" name="intent" value="role" />
      <input type="hidden" name="id" value={member.id} />
      <Select
        id={`role-${member.id}`}
        label={`Role of ${member.name}`}
        hideLabel
        name="role"
        options={offered}
        defaultValue={member.role}
        className="w-28"
      />
      <Button type="submit" busy={busy} aria-label={`Save the role of ${member.name}`}>
        Save
      </Button>
    </Form>
  );
}

export function MemberList({ members, teams, me }: MemberListProps) {
  const teamNames = new Map(teams.map(({ id, name }) => [id, name]));
  // Only owners make and change owners.
  const offered = me.role === "owner" ? roles : roles.filter(({ value }) => value !== "owner");
  return (
    <ul className="-my-3 divide-y divide-line">
      {members.map((member) => {
        const { id, name, email, role, createdAt, teamIds, accounts, tokens } = member;
        const mine = id === me.membershipId;
        const fixed = mine || (role === "owner" && me.role !== "owner");
        return (
          <li key={id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-3 py-3.5">
            <div className="min-w-0 flex-1 basis-64">
              <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
                <span className="font-semibold wrap-anywhere">{name}</span>
                {mine && <Badge tone="good">You</Badge>}
                {fixed && <Badge>{roles.find(({ value }) => value === role)?.label}</Badge>}
                {teamIds.map((team) => (
                  <Badge key={team} tone="info" className="whitespace-normal wrap-anywhere">
                    {teamNames.get(team)}
                  </Badge>
                ))}
              </p>
              <p className="mt-1 text-xs wrap-anywhere text-muted">
                {email} · {counted(accounts, "connected account", "connected accounts")} · since <Time at={createdAt} />
              </p>
            </div>
            {!fixed && (
              <div className="flex flex-wrap items-end gap-2">
                <RoleForm member={member} offered={offered} />
                <Confirm
                  label="Remove"
                  accessibleName={`Remove ${name}`}
                  intent="remove"
                  fields={{ id }}
                  title={`Remove ${name}?`}
                  about={
                    <p>
                      Lost for good, at once: their access, {counted(accounts, "connected account", "connected accounts")},{" "}
                      {counted(tokens, "agent token", "agent tokens")}, the sign-ins of their agents, and the open invitations they made. If
                      they come back, they start clean.
                    </p>
                  }
                />
              </div>
            )}
          </li>
        );
      })}
    </ul>
  );
}
