// The first owner, through the one-time link that the start printed.
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, redirect } from "@remix-run/node";
import { Form, Link, useActionData, useLoaderData, useNavigation } from "@remix-run/react";

import { problemOf } from "#app/api-error.ts";
import { FrontDoor } from "#app/components/front-door.tsx";
import { ProblemPanel } from "#app/components/problem-panel.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { Field } from "#app/components/ui/field.tsx";
import { text } from "#app/form.ts";
import { paths } from "#app/paths.ts";

export const meta = () => [{ title: "Set up Gatehouse" }, { name: "referrer", content: "no-referrer" }];

export async function loader({ context, params }: LoaderFunctionArgs) {
  const isOpen = await context.auth.isSetupOpen(params.token ?? "");
  return data({ isOpen }, isOpen ? 200 : 410);
}

export async function action({ context, params, request }: ActionFunctionArgs) {
  const form = await request.formData();
  const values = { organization: text(form, "organization"), name: text(form, "name"), email: text(form, "email") };
  try {
    const { setCookie } = await context.auth.setUp(params.token ?? "", { ...values, password: text(form, "password") });
    return redirect(paths.newConnection, { headers: { "set-cookie": setCookie } });
  } catch (error) {
    return data({ problem: problemOf(error, context), values }, 400);
  }
}

export default function Setup() {
  const { isOpen } = useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>();
  const busy = useNavigation().state !== "idle";
  const fields = answer?.problem.fields ?? {};
  if (!isOpen) {
    return (
      <FrontDoor title="This set-up link is over" about="It was used already, or it never existed.">
        <p className="text-soft">
          If you created the organization, <Link to={paths.login} className="font-semibold text-accent underline">sign in</Link>. Otherwise ask its owner to invite you.
        </p>
      </FrontDoor>
    );
  }
  return (
    <FrontDoor title="Create your organization" about="You become its first owner. Next you add the first connection.">
      <Form method="post" className="grid gap-4">
        {answer && Object.keys(fields).length === 0 && <ProblemPanel problem={answer.problem} />}
        <Field label="Organization name" name="organization" autoComplete="organization" required defaultValue={answer?.values.organization} error={fields.organization} />
        <Field label="Your name" name="name" autoComplete="name" required defaultValue={answer?.values.name} error={fields.name} />
        <Field label="E-mail" name="email" type="email" autoComplete="username" required defaultValue={answer?.values.email} error={fields.email} />
        <Field label="Password" name="password" type="password" autoComplete="new-password" required minLength={10} hint="At least 10 characters." error={fields.password} />
        <Button busy={busy} className="mt-2">
          Create organization
        </Button>
      </Form>
    </FrontDoor>
  );
}
