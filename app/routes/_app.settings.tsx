// A person's own place in the organization: which ones they belong to, and leaving this one.
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { Form, useActionData, useLoaderData } from "@remix-run/react";

import { formFailure, orBoundary } from "#app/api-error.ts";
import { Confirm } from "#app/components/confirm.tsx";
import { FormNotice } from "#app/components/failure-panel.tsx";
import { PageHeader } from "#app/components/page-header.tsx";
import { Badge } from "#app/components/ui/badge.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { Section } from "#app/components/ui/card.tsx";
import { paths } from "#app/paths.ts";

export const meta: MetaFunction = () => [{ title: "Your settings - Gatehouse" }];

export async function loader({ request, context: { api } }: LoaderFunctionArgs) {
  const [me, organizations] = await orBoundary(request, Promise.all([api.member.me(), api.organization.list()]));
  return { me, organizations };
}

export async function action({ request, context }: ActionFunctionArgs) {
  try {
    await context.api.member.leave();
  } catch (error) {
    return data(formFailure(error, { request, requestId: context.requestId }), 422);
  }
  const { setCookie } = await context.auth.signOut();
  return redirect(paths.login, { headers: { "set-cookie": setCookie } });
}

export default function Settings() {
  const { me, organizations } = useLoaderData<typeof loader>();
  const failed = useActionData<typeof action>();
  const { name } = me.organization;
  return (
    <>
      <PageHeader title="Your settings" about={`Signed in as ${me.name}.`} />
      <div className="space-y-5">
        <Section id="organizations" title="Your organizations">
          <ul className="-my-2 divide-y divide-line">
            {organizations.map(({ id, name: organization, role, current }) => (
              <li key={id} className="flex flex-wrap items-center gap-2 py-2.5">
                <p className="flex min-w-0 flex-1 basis-48 flex-wrap items-center gap-2">
                  <span className="font-medium wrap-anywhere">{organization}</span>
                  <span className="text-muted capitalize">{role}</span>
                </p>
                {current ? (
                  <Badge tone="good">You are here</Badge>
                ) : (
                  // The way to switch for who has no JavaScript: the menu over the navigation needs it.
                  <Form method="post" action={paths.switchOrganization}>
                    <input type="hidden" name="id" value={id} />
                    <Button type="submit" size="sm" aria-label={`Switch to ${organization}`}>
                      Switch
                    </Button>
                  </Form>
                )}
              </li>
            ))}
          </ul>
        </Section>
        <Section id="leave" title="Leave" className="border-danger/30">
          <div className="space-y-4">
            <FormNotice failed={failed} title="You did not leave" />
            <div className="flex flex-wrap items-center justify-between gap-3">
              <p className="max-w-md text-muted wrap-anywhere">
                Leaving {name} takes your access, your connected accounts and your agents&apos; access with it, at once.
              </p>
              <Confirm
                label="Leave organization"
                intent="leave"
                title={`Leave ${name}?`}
                about={
                  <p>
                    Lost for good: your access, the accounts you connected, your agents&apos; tokens and sign-ins, and the open invitations
                    you made. To come back you need a new invitation.
                  </p>
                }
              />
            </div>
          </div>
        </Section>
      </div>
    </>
  );
}
