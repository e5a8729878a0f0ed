// People who ask for access, and the one click that answers them.
import { Form, useNavigation } from "@remix-run/react";

import { Button } from "./ui/button.tsx";
import { Section } from "./ui/card.tsx";
import { Time } from "./ui/time.tsx";

export interface AccessRequestRow {
  id: string;
  createdAt: Date;
  connection: { id: string; name: string };
  member: { name: string; email: string };
}

export function AccessRequests({ requests }: { requests: readonly AccessRequestRow[] }) {
  const data = useNavigation().formData;
  if (requests.length === 0) return null;
  return (
    <Section
      id="requests"
      title={`Asking for access (${requests.length})`}
      about="Granting gives the person access to this one connection."
    >
      <ul className="-my-3 divide-y divide-line">
        {requests.map(({ id, createdAt, connection, member }) => (
          <li key={id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 py-3">
            <p className="min-w-0">
              <span className="font-semibold">{member.name}</span> asks for <span className="font-semibold">{connection.name}</span>
              <span className="block text-xs break-all text-muted">
                {member.email} · <Time at={createdAt} />
              </span>
            </p>
            <Form method="post" className="flex gap-2">
              <input type="hidden" name="id" value={id} />
              <Button type="submit" name="intent" value="decline" size="sm" aria-label={`Decline ${member.name}`}>
                Decline
              </Button>
              <Button
                type="submit"
                name="intent"
                value="approve"
                size="sm"
                kind="primary"
                busy={data?.get("id") === id}
                aria-label={`Grant ${connection.name} to ${member.name}`}
              >
                Grant access
              </Button>
            </Form>
          </li>
        ))}
      </ul>
    </Section>
  );
}
