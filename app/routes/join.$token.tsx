// Accepting an invitation: with a new account, with the one there is, or with one click when it is signed in.
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";

import { formFailure, orBoundary } from "#app/api-error.ts";
import { Entrance } from "#app/components/entrance.tsx";
import { FormNotice } from "#app/components/failure-panel.tsx";
import { Button, ButtonLink } from "#app/components/ui/button.tsx";
import { Field } from "#app/components/ui/field.tsx";
import { text } from "#app/form.ts";
import { paths } from "#app/paths.ts";

export const meta: MetaFunction<typeof loader> = ({ data: found }) => [
  { title: found?.invitation ? `Join ${found.invitation.organization} - Gatehouse` : "Invitation - Gatehouse" },
];

export async function loader({ request, params, context }: LoaderFunctionArgs) {
  try {
    return { invitation: await orBoundary(request, context.auth.readInvitation(params.token ?? "")) };
  } catch (thrown) {
    // A link that is over is a page of its own, not an error.
    if (thrown instanceof Response && thrown.statusText === "EXPIRED") return data({ invitation: null }, 410);
    throw thrown;
  }
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  const form = await request.formData();
  const name = text(form, "name");
  try {
    const { setCookie } = await context.auth.acceptInvitation(params.token ?? "", { name, password: text(form, "password") });
    return redirect(paths.connections, setCookie === null ? undefined : { headers: { "set-cookie": setCookie } });
  } catch (error) {
    return data({ name, failed: formFailure(error, { request, requestId: context.requestId }) }, 422);
  }
}

const article = { owner: "an owner", admin: "an admin", member: "a member" };

export default function Join() {
  const { invitation } = useLoaderData<typeof loader>();
  const { name, failed } = useActionData<typeof action>() ?? {};
  const busy = useNavigation().formData !== undefined;
  if (!invitation) {
    return (
      <Entrance
        title="This invitation is over"
        about="It was used, taken back or replaced, or is older than seven days. Ask for a new one."
      >
        <ButtonLink to={paths.login} kind="primary" className="w-full">
          Go to sign-in
        </ButtonLink>
      </Entrance>
    );
  }
  const { organization, email, role, invitedBy, hasAccount, visitor } = invitation;
  const about = `${invitedBy} invites ${email} to be ${article[role]}.`;
  if (visitor === "other") {
    return (
      <Entrance title={`Join ${organization}`} about={about}>
        <p className="mb-4 text-muted">You are signed in with another address. Sign out, then open the link again.</p>
        <Form method="post" action={paths.logout}>
          <Button type="submit" kind="primary" className="w-full">
            Sign out
          </Button>
        </Form>
      </Entrance>
    );
  }
  const errors = failed?.fields ?? {};
  return (
    <Entrance title={`Join ${organization}`} about={about}>
      <Form method="post" noValidate className="space-y-4">
        {failed && Object.keys(errors).length === 0 && <FormNotice failed={failed} />}
        {visitor === "nobody" && (
          <>
            {/* For password managers: whose password this is. */}
            <input type="email" name="email" autoComplete="username" value={email} readOnly hidden />
            {!hasAccount && (
              <Field
                id="name"
                name="name"
                label="Your name"
                autoComplete="name"
                required
                maxLength={80}
                defaultValue={name}
                errors={errors.name}
              />
            )}
            <Field
              id="password"
              name="password"
              label={hasAccount ? "Your password" : "Choose a password"}
              type="password"
              autoComplete={hasAccount ? "current-password" : "new-password"}
              required
              hint={hasAccount ? "You have an account already; this adds the organization to it." : "At least 10 characters."}
              errors={errors.password}
            />
          </>
        )}
        <Button type="submit" kind="primary" busy={busy} className="h-auto min-h-9 w-full py-2 whitespace-normal wrap-anywhere">
          Join {organization}
        </Button>
      </Form>
    </Entrance>
  );
}
