// Signing in.
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, redirect } from "@remix-run/node";
import { Form, useActionData, useNavigation } from "@remix-run/react";

import { problemOf } from "#app/api-error.ts";
import { FrontDoor } from "#app/components/front-door.tsx";
import { ProblemPanel } from "#app/components/problem-panel.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { Field } from "#app/components/ui/field.tsx";
import { text } from "#app/form.ts";
import { safeNext } from "#app/paths.ts";

export const meta = () => [{ title: "Sign in - Gatehouse" }];

export function loader({ context, request }: LoaderFunctionArgs) {
  return context.actor ? redirect(safeNext(new URL(request.url).searchParams.get("next"))) : null;
}

export async function action({ context, request }: ActionFunctionArgs) {
  const form = await request.formData();
  const email = text(form, "email");
  try {
    const { setCookie } = await context.auth.signIn({ email, password: text(form, "password") });
    return redirect(safeNext(new URL(request.url).searchParams.get("next")), { headers: { "set-cookie": setCookie } });
  } catch (error) {
    return data({ problem: problemOf(error, context), email }, 400);
  }
}

export default function Login() {
  const answer = useActionData<typeof action>();
  const busy = useNavigation().state !== "idle";
  return (
    <FrontDoor title="Sign in" about="Welcome back.">
      <Form method="post" className="grid gap-4">
        <ProblemPanel problem={answer?.problem} />
        <Field label="E-mail" name="email" type="email" autoComplete="username" required defaultValue={answer?.email} error={answer?.problem.fields.email} />
        <Field label="Password" name="password" type="password" autoComplete="current-password" required error={answer?.problem.fields.password} />
        <Button busy={busy} className="mt-2">
          Sign in
        </Button>
      </Form>
    </FrontDoor>
  );
}
