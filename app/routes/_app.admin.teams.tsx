// Teams: named sets of people, for access lists.
import { type ActionFunctionArgs, type AppLoadContext, data, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { UsersRound } from "lucide-react";

import { formFailure, orBoundary } from "#app/api-error.ts";
import { FormNotice } from "#app/components/failure-panel.tsx";
import { PageHeader } from "#app/components/page-header.tsx";
import { Picker } from "#app/components/picker.tsx";
import { TeamCard } from "#app/components/team-card.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { Empty, Section } from "#app/components/ui/card.tsx";
import { Field } from "#app/components/ui/field.tsx";
import { Notice } from "#app/components/ui/notice.tsx";
import { useReveal } from "#app/components/ui/reveal.ts";
import { text, texts } from "#app/form.ts";

export const meta: MetaFunction = () => [{ title: "Teams - Gatehouse" }];

export async function loader({ request, context: { api } }: LoaderFunctionArgs) {
  const [teams, people] = await orBoundary(request, Promise.all([api.team.list(), api.member.list()]));
  return { teams, people };
}

async function change(api: AppLoadContext["api"], form: FormData): Promise<string> {
  const id = text(form, "id");
  const name = text(form, "name");
  const membershipIds = texts(form, "membershipIds");
  switch (text(form, "intent")) {
    case "create":
      await api.team.create({ name, membershipIds });
      return `The team ${name.trim()} was created. Choose it on a connection to give it access.`;
    case "rename":
      await api.team.rename({ id, name });
      return "Saved.";
    case "members":
      await api.team.replaceMembers({ id, membershipIds });
      return "Saved. The change counts from the next request on.";
    case "remove":
      await api.team.remove({ id });
      return "The team was deleted.";
    default:
      throw new Response("This form is not known here.", { status: 400, statusText: "BAD_INPUT" });
  }
}

export async function action({ request, context }: ActionFunctionArgs) {
  const form = await request.formData();
  const at = { intent: text(form, "intent"), id: text(form, "id"), name: text(form, "name"), chosen: texts(form, "membershipIds") };
  try {
    return { ...at, message: await change(context.api, form), failed: null };
  } catch (error) {
    return data({ ...at, message: null, failed: formFailure(error, { request, requestId: context.requestId }) }, 422);
  }
}

export default function Teams() {
  const { teams, people } = useLoaderData<typeof loader>();
  const result = useActionData<typeof action>();
  const within = useReveal<HTMLDivElement>(result);
  const creating = useNavigation().formData?.get("intent") === "create";
  const refused = result?.intent === "create" && result.failed ? result : null;
  const failed = refused?.failed;
  return (
    <>
      <PageHeader title="Teams" about="Give a team access to a connection, and everyone in it has it." />
      <div ref={within} className="space-y-5">
        {result?.message && (
          <Notice tone="good" answer>
            {result.message}
          </Notice>
        )}
        {result?.intent === "remove" && <FormNotice failed={result.failed} />}
        <Section id="new-team" title="New team">
          {/* A created team empties the form; one that was refused keeps what was typed. */}
          <Form method="post" key={teams.map(({ id }) => id).join()} noValidate className="max-w-2xl space-y-4">
            {failed && !failed.fields.name && <FormNotice failed={failed} />}
            <input type="hidden" name="intent" value="create" />
            <Field
              id="team-name"
              name="name"
              label="Name"
              required
              maxLength={60}
              placeholder="Support"
              autoComplete="off"
              defaultValue={refused?.name}
              errors={failed?.fields.name}
            />
            <Picker
              legend="Members"
              name="membershipIds"
              options={people.map(({ id, name, email }) => ({ id, label: name, hint: email }))}
              chosen={refused?.chosen}
            />
            <Button type="submit" kind="primary" busy={creating}>
              Create team
            </Button>
          </Form>
        </Section>
        {teams.length === 0 && (
          <Empty icon={<UsersRound />} title="No teams yet">
            Without teams you give access person by person, or to everyone.
          </Empty>
        )}
        {teams.map((team) => {
          const here = result?.id === team.id;
          return (
            <TeamCard key={team.id} team={team} people={people} failed={here ? result.failed : null} intent={here ? result.intent : null} />
          );
        })}
      </div>
    </>
  );
}
