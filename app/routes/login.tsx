// Signing in.
import { useForm } from "@conform-to/react";
import { parseWithZod } from "@conform-to/zod/v4";
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect, redirectDocument } from "@remix-run/node";
import { Form, Link, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { z } from "zod";

import { formFailure } from "#app/api-error.ts";
import { Entrance } from "#app/components/entrance.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { Field } from "#app/components/ui/field.tsx";
import { Notice } from "#app/components/ui/notice.tsx";
import { ownPath, paths } from "#app/paths.ts";

export const meta: MetaFunction = () => [{ title: "Sign in - Gatehouse" }];

const schema = z.object({ email: z.string("Enter your e-mail address."), password: z.string("Enter your password.") });

const nextOf = (request: Request) => ownPath(new URL(request.url).searchParams.get("next"));

export function loader({ request, context }: LoaderFunctionArgs) {
  return context.actor ? redirect(nextOf(request)) : { signUpOpen: context.auth.isSignUpOpen() };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const submission = parseWithZod(await request.formData(), { schema });
  if (submission.status !== "success") return data(submission.reply({ hideFields: ["password"] }), 400);
  try {
    const { setCookie } = await context.auth.signIn(submission.value);
    const next = nextOf(request);
    // As a new document: the cookies of a sign-in by URL belong to the page's own address, not to the one its data comes from.
    const go = next.startsWith(paths.consent) ? redirectDocument : redirect;
    return go(next, { headers: { "set-cookie": setCookie } });
  } catch (error) {
    const { message, fields } = formFailure(error, { request, requestId: context.requestId });
    const told = Object.keys(fields).length > 0 ? { fieldErrors: fields } : { formErrors: [message] };
    return data(submission.reply({ ...told, hideFields: ["password"] }), 400);
  }
}

export default function Login() {
  const { signUpOpen } = useLoaderData<typeof loader>();
  const busy = useNavigation().state !== "idle";
  const [form, fields] = useForm<z.input<typeof schema>>({ lastResult: useActionData<typeof action>(), id: "login" });
  return (
    <Entrance title="Sign in" about="One door for your organization's agents.">
      <Form method="post" id={form.id} onSubmit={form.onSubmit} noValidate className="space-y-4">
        {form.errors?.length ? <Notice tone="bad">{form.errors.join(" ")}</Notice> : null}
        <Field
          id={fields.email.id}
          name="email"
          label="E-mail"
          type="email"
          autoComplete="username"
          required
          defaultValue={fields.email.initialValue}
          errors={fields.email.errors}
        />
        <Field
          id={fields.password.id}
          name="password"
          label="Password"
          type="password"
          autoComplete="current-password"
          required
          errors={fields.password.errors}
        />
        <Button type="submit" kind="primary" busy={busy} className="w-full">
          Sign in
        </Button>
      </Form>
      {signUpOpen && (
        <p className="mt-4 text-center text-muted">
          New here?{" "}
          <Link to={paths.signUp} className="font-medium text-accent-ink underline">
            Create an organization
          </Link>
        </p>
      )}
    </Entrance>
  );
}
