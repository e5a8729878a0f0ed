// Inviting people: the form, the link that is shown once, and the invitations nobody has answered yet.
import { Form, useNavigation } from "@remix-run/react";

import { Confirm } from "./confirm.tsx";
import type { Failed } from "./failed.ts";
import { FormNotice } from "./failure-panel.tsx";
import { roles } from "./member-list.tsx";
import { Picker } from "./picker.tsx";
import { Badge } from "./ui/badge.tsx";
import { Button } from "./ui/button.tsx";
import { CopyLine } from "./ui/copy.tsx";
import { Field } from "./ui/field.tsx";
import { Select } from "./ui/select.tsx";
import { Time } from "./ui/time.tsx";

interface InviteFormProps {
  teams: readonly { id: string; name: string; members: number }[];
  connections: readonly { id: string; name: string }[];
  owner: boolean;
  failed: Failed | null;
  /** What was refused: the form still has it, without JavaScript, too. */
  typed: { email: string; role: string; teamIds: string[]; connectionIds: string[] } | null;
  /** Changes with every invitation that was made: the form then starts anew. */
  made: string | null;
}

export function InviteForm({ teams, connections, owner, failed, typed, made }: InviteFormProps) {
  const busy = useNavigation().formData?.get("intent") === "invite";
  const errors = failed?.fields ?? {};
  return (
    <Form method="post" key={made} noValidate className="max-w-2xl space-y-4">
      {failed && !errors.email && <FormNotice failed={failed} />}
      <input type="hidden" name="intent" value="invite" />
      <div className="grid gap-4 sm:grid-cols-[minmax(0,1fr)_9rem]">
        <Field
          id="invite-email"
          name="email"
          label="E-mail"
          type="email"
          required
          autoComplete="off"
          placeholder="priya@example.com"
          defaultValue={typed?.email}
          errors={errors.email}
        />
        <Select
          id="invite-role"
          name="role"
          label="Role"
          options={owner ? roles : roles.filter(({ value }) => value !== "owner")}
          defaultValue={typed?.role}
          errors={errors.role}
        />
      </div>
      <Picker
        legend="Teams"
        name="teamIds"
        options={teams.map(({ id, name, members }) => ({ id, label: name, hint: members === 1 ? "Team of 1" : `Team of ${members}` }))}
        chosen={typed?.teamIds}
      />
      <Picker
        legend="Also give access to"
        name="connectionIds"
        options={connections.map(({ id, name }) => ({ id, label: name }))}
        chosen={typed?.connectionIds}
      />
      <Button type="submit" kind="primary" busy={busy}>
        Invite
      </Button>
    </Form>
  );
}

const mailWords = {
  sent: "It was sent by e-mail, too.",
  failed: "The e-mail could not be sent: give them this link yourself.",
  off: "Give it to them yourself: this Gatehouse sends no e-mail.",
};

/** The link of an invitation that was just made. */
export function NewLink({ email, link, mail }: { email: string; link: string; mail: keyof typeof mailWords }) {
  return (
    <div role="status" data-answer className="scroll-m-20 rounded-xl border border-accent/40 bg-accent-soft p-4 sm:p-5">
      <h2 className="text-base font-semibold wrap-anywhere">Invitation for {email}</h2>
      <p className="mt-0.5 mb-3 text-accent-ink">The link works once, for seven days, and is shown this once. {mailWords[mail]}</p>
      <CopyLine text={link} what="invitation link" />
    </div>
  );
}

export interface InvitationRow {
  id: string;
  email: string;
  role: "owner" | "admin" | "member";
  invitedBy: string;
  createdAt: Date;
  expiresAt: Date;
  expired: boolean;
  teams: { id: string; name: string }[];
  connections: { id: string; name: string }[];
}

export function InvitationList({ invitations, owner }: { invitations: readonly InvitationRow[]; owner: boolean }) {
  const data = useNavigation().formData;
  return (
    <ul className="-my-3 divide-y divide-line">
      {invitations.map(({ id, email, role, invitedBy, createdAt, expiresAt, expired, teams, connections }) => (
        <li key={id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-3 py-3.5">
          <div className="min-w-0 flex-1 basis-64">
            <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
              <span className="font-semibold wrap-anywhere">{email}</span>
              <Badge>{roles.find(({ value }) => value === role)?.label}</Badge>
              {teams.map((team) => (
                <Badge key={team.id} tone="info" className="whitespace-normal wrap-anywhere">
                  {team.name}
                </Badge>
              ))}
              {connections.map((connection) => (
                <Badge key={connection.id} className="whitespace-normal wrap-anywhere">
                  {connection.name}
                </Badge>
              ))}
              {expired && <Badge tone="bad">Expired</Badge>}
            </p>
            <p className="mt-1 text-xs wrap-anywhere text-muted">
              Invited by {invitedBy} <Time at={createdAt} />
              {!expired && (
                <>
                  {" · "}expires <Time at={expiresAt} />
                </>
              )}
            </p>
          </div>
          <div className="flex flex-wrap gap-2">
            {(role !== "owner" || owner) && (
              <Form method="post">
                <input type="hidden" name="intent" value="renew" />
                <input type="hidden" name="id" value={id} />
                <input type="hidden" name="email" value={email} />
                <Button
                  type="submit"
                  size="sm"
                  busy={data?.get("intent") === "renew" && data.get("id") === id}
                  aria-label={`New link for ${email}`}
                >
                  New link
                </Button>
              </Form>
            )}
            <Confirm
              label="Take back"
              accessibleName={`Take back the invitation of ${email}`}
              size="sm"
              intent="revoke"
              fields={{ id }}
              title={`Take back the invitation of ${email}?`}
              about={<p>The link stops working. You can invite the address again.</p>}
            />
          </div>
        </li>
      ))}
    </ul>
  );
}
