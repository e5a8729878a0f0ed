// The first owner sets the organization up, through the one-time link that was printed at start.
import { useForm } from "@conform-to/react";
import { parseWithZod } from "@conform-to/zod/v4";
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { z } from "zod";

import { formFailure } from "#app/api-error.ts";
import { Entrance } from "#app/components/entrance.tsx";
import { Button, ButtonLink } from "#app/components/ui/button.tsx";
import { Field } from "#app/components/ui/field.tsx";
import { Notice } from "#app/components/ui/notice.tsx";
import { paths } from "#app/paths.ts";

export const meta: MetaFunction = () => [{ title: "Set up Gatehouse" }];

const schema = z.object({
  organization: z.string("Enter the organization's name."),
  name: z.string("Enter your name."),
  email: z.string("Enter your e-mail address."),
  password: z.string("Use at least 10 characters."),
});

export async function loader({ params, context }: LoaderFunctionArgs) {
  return { open: await context.auth.isSetupOpen(params.token ?? "") };
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  const submission = parseWithZod(await request.formData(), { schema });
  if (submission.status !== "success") return data(submission.reply({ hideFields: ["password"] }), 400);
  try {
    const { setCookie } = await context.auth.setUp(params.token ?? "", submission.value);
    return redirect(paths.admin.newConnection, { headers: { "set-cookie": setCookie } });
  } catch (error) {
    const { message, fields } = formFailure(error, { request, requestId: context.requestId });
    const told = Object.keys(fields).length > 0 ? { fieldErrors: fields } : { formErrors: [message] };
    return data(submission.reply({ ...told, hideFields: ["password"] }), 400);
  }
}

export default function Setup() {
  const { open } = useLoaderData<typeof loader>();
  const busy = useNavigation().state !== "idle";
  const [form, fields] = useForm<z.input<typeof schema>>({ lastResult: useActionData<typeof action>(), id: "setup" });
  if (!open) {
    return (
      <Entrance title="This set-up link is over" about="It was used already, or it was never ours. An organization is set up once.">
        <ButtonLink to={paths.login} kind="primary" className="w-full">
          Go to sign-in
        </ButtonLink>
      </Entrance>
    );
  }
  const text = (name: keyof typeof fields) => ({ id: fields[name].id, name, errors: fields[name].errors, required: true });
  return (
    <Entrance title="Welcome to Gatehouse" about="Name your organization and become its owner. This takes a minute.">
      <Form method="post" id={form.id} onSubmit={form.onSubmit} noValidate className="space-y-4">
        {form.errors?.length ? <Notice tone="bad">{form.errors.join(" ")}</Notice> : null}
        <Field
          {...text("organization")}
          label="Organization name"
          autoComplete="organization"
          placeholder="Acme"
          defaultValue={fields.organization.initialValue}
        />
        <Field {...text("name")} label="Your name" autoComplete="name" defaultValue={fields.name.initialValue} />
        <Field {...text("email")} label="E-mail" type="email" autoComplete="username" defaultValue={fields.email.initialValue} />
        <Field {...text("password")} label="Password" type="password" autoComplete="new-password" hint="At least 10 characters." />
        <Button type="submit" kind="primary" busy={busy} className="w-full">
          Create organization
        </Button>
      </Form>
    </Entrance>
  );
}
