// Making an organization of one's own, where sign-up is open.
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { Form, Link, useActionData, useNavigation } from "@remix-run/react";

import { formFailure } from "#app/api-error.ts";
import { Entrance } from "#app/components/entrance.tsx";
import { FormNotice } from "#app/components/failure-panel.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { Field } from "#app/components/ui/field.tsx";
import { text } from "#app/form.ts";
import { paths } from "#app/paths.ts";

export const meta: MetaFunction = () => [{ title: "Sign up - Gatehouse" }];

export function loader({ context }: LoaderFunctionArgs) {
  if (!context.auth.isSignUpOpen()) throw new Response("Sign-up is closed here.", { status: 404, statusText: "NOT_FOUND" });
  return context.actor ? redirect(paths.newOrganization) : null;
}

export async function action({ request, context }: ActionFunctionArgs) {
  const form = await request.formData();
  const typed = { organization: text(form, "organization"), name: text(form, "name"), email: text(form, "email") };
  try {
    const { setCookie } = await context.auth.signUp({ ...typed, password: text(form, "password") });
    return redirect(paths.admin.newConnection, { headers: { "set-cookie": setCookie } });
  } catch (error) {
    return data({ typed, failed: formFailure(error, { request, requestId: context.requestId }) }, 422);
  }
}

export default function SignUp() {
  const { typed, failed } = useActionData<typeof action>() ?? {};
  const busy = useNavigation().formData !== undefined;
  const errors = failed?.fields ?? {};
  return (
    <Entrance title="Create an organization" about="You become its owner, and invite the others.">
      <Form method="post" noValidate className="space-y-4">
        {failed && Object.keys(errors).length === 0 && <FormNotice failed={failed} />}
        <Field
          id="organization"
          name="organization"
          label="Organization name"
          autoComplete="organization"
          required
          maxLength={80}
          defaultValue={typed?.organization}
          errors={errors.organization}
        />
        <Field
          id="name"
          name="name"
          label="Your name"
          autoComplete="name"
          required
          maxLength={80}
          defaultValue={typed?.name}
          errors={errors.name}
        />
        <Field
          id="email"
          name="email"
          label="E-mail"
          type="email"
          autoComplete="username"
          required
          defaultValue={typed?.email}
          errors={errors.email}
        />
        <Field
          id="password"
          name="password"
          label="Password"
          type="password"
          autoComplete="new-password"
          required
          hint="At least 10 characters."
          errors={errors.password}
        />
        <Button type="submit" kind="primary" busy={busy} className="w-full">
          Create organization
        </Button>
      </Form>
      <p className="mt-4 text-center text-muted">
        You have an account?{" "}
        <Link to={paths.login} className="font-medium text-accent-ink underline">
          Sign in
        </Link>
      </p>
    </Entrance>
  );
}
