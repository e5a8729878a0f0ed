// The people of the organization, and inviting more.
import { type ActionFunctionArgs, type AppLoadContext, data, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";

import { formFailure, orBoundary } from "#app/api-error.ts";
import { AgentList } from "#app/components/agent-list.tsx";
import { FormNotice } from "#app/components/failure-panel.tsx";
import { InvitationList, InviteForm, NewLink } from "#app/components/invitations.tsx";
import { MemberList } from "#app/components/member-list.tsx";
import { PageHeader } from "#app/components/page-header.tsx";
import { Section } from "#app/components/ui/card.tsx";
import { Notice } from "#app/components/ui/notice.tsx";
import { useReveal } from "#app/components/ui/reveal.ts";
import { text, texts } from "#app/form.ts";

export const meta: MetaFunction = () => [{ title: "Members - Gatehouse" }];

export async function loader({ request, context: { api } }: LoaderFunctionArgs) {
  const [members, invitations, teams, connections, agents, me] = await orBoundary(
    request,
    Promise.all([
      api.member.list(),
      api.invitation.list(),
      api.team.list(),
      api.connection.list({ scope: "manageable" }),
      api.agent.listAll(),
      api.member.me(),
    ]),
  );
  return { members, invitations, teams, agents, connections: connections.map(({ id, name }) => ({ id, name })), me };
}

const roles = ["owner", "admin", "member"] as const;
const roleOf = (form: FormData) => roles.find((role) => role === text(form, "role")) ?? "member";

/** Each intent is one call of the api: a sentence about what it did, or the link it made. */
async function change(api: AppLoadContext["api"], form: FormData) {
  const id = text(form, "id");
  const email = text(form, "email").trim();
  switch (text(form, "intent")) {
    case "role":
      await api.member.changeRole({ id, role: roleOf(form) });
      return {
        message: "Saved. The role counts from the next request on. A new role also ends the open invitations they made.",
        link: null,
      };
    case "remove":
      await api.member.remove({ id });
      return { message: "Removed, with everything that was theirs.", link: null };
    case "invite": {
      const chosen = { teamIds: texts(form, "teamIds"), connectionIds: texts(form, "connectionIds") };
      return { message: null, link: { email, ...(await api.invitation.create({ email, role: roleOf(form), ...chosen })) } };
    }
    case "renew":
      return { message: null, link: { email, ...(await api.invitation.renew({ id })) } };
    case "sign-out":
      await api.agent.revoke({ id });
      return { message: "The agent's access was ended.", link: null };
    case "revoke":
      await api.invitation.revoke({ id });
      return { message: "The invitation was taken back.", link: null };
    default:
      throw new Response("This form is not known here.", { status: 400, statusText: "BAD_INPUT" });
  }
}

export async function action({ request, context }: ActionFunctionArgs) {
  const form = await request.formData();
  const intent = text(form, "intent");
  try {
    return { intent, ...(await change(context.api, form)), typed: null, failed: null };
  } catch (error) {
    const typed = {
      email: text(form, "email"),
      role: roleOf(form),
      teamIds: texts(form, "teamIds"),
      connectionIds: texts(form, "connectionIds"),
    };
    return data({ intent, message: null, link: null, typed, failed: formFailure(error, { request, requestId: context.requestId }) }, 422);
  }
}

export default function Members() {
  const { members, invitations, teams, agents, connections, me } = useLoaderData<typeof loader>();
  const result = useActionData<typeof action>();
  const within = useReveal<HTMLDivElement>(result);
  const inviting = result?.intent === "invite";
  const owner = me.role === "owner";
  return (
    <>
      <PageHeader title="Members" about="Who belongs to your organization. What each may use is decided on the connections and by teams." />
      <div ref={within} className="space-y-5">
        {result?.message && (
          <Notice tone="good" answer>
            {result.message}
          </Notice>
        )}
        {!inviting && <FormNotice failed={result?.failed} />}
        {result?.link && <NewLink {...result.link} />}
        <Section
          id="invite"
          title="Invite somebody"
          about="They get a link that works once. Without access given here, they start with none of their own."
        >
          <InviteForm
            teams={teams}
            connections={connections}
            owner={owner}
            failed={inviting ? result.failed : null}
            typed={inviting ? result.typed : null}
            made={inviting ? (result.link?.id ?? null) : null}
          />
        </Section>
        {invitations.length > 0 && (
          <Section id="invitations" title={`Invited (${invitations.length})`} about="They have not joined yet.">
            <InvitationList invitations={invitations} owner={owner} />
          </Section>
        )}
        <Section id="people" title={`People (${members.length})`}>
          <MemberList members={members} teams={teams} me={me} />
        </Section>
        {agents.length > 0 && (
          <Section
            id="agents"
            title={`Signed-in agents (${agents.length})`}
            about="They know the URL alone, and act as whoever let them in."
          >
            <AgentList agents={agents} />
          </Section>
        )}
      </div>
    </>
  );
}
