// Another organization for somebody who has one, where sign-up is open.
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { Form, useActionData, useNavigation } from "@remix-run/react";

import { formFailure } from "#app/api-error.ts";
import { FormNotice } from "#app/components/failure-panel.tsx";
import { PageHeader } from "#app/components/page-header.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { Card } from "#app/components/ui/card.tsx";
import { Field } from "#app/components/ui/field.tsx";
import { text } from "#app/form.ts";
import { paths } from "#app/paths.ts";

export const meta: MetaFunction = () => [{ title: "New organization - Gatehouse" }];

export function loader({ context }: LoaderFunctionArgs) {
  if (!context.auth.isSignUpOpen()) throw new Response("Sign-up is closed here.", { status: 404, statusText: "NOT_FOUND" });
  return null;
}

export async function action({ request, context }: ActionFunctionArgs) {
  const form = await request.formData();
  const name = text(form, "name");
  try {
    await context.api.organization.create({ name });
    return redirect(paths.admin.newConnection);
  } catch (error) {
    return data({ name, failed: formFailure(error, { request, requestId: context.requestId }) }, 422);
  }
}

export default function NewOrganization() {
  const { name, failed } = useActionData<typeof action>() ?? {};
  const busy = useNavigation().formData !== undefined;
  return (
    <>
      <PageHeader title="New organization" about="You become its owner. Nothing is shared between organizations." />
      <Card className="max-w-xl p-5">
        <Form method="post" noValidate className="space-y-4">
          {failed && !failed.fields.name && <FormNotice failed={failed} />}
          <Field id="name" name="name" label="Organization name" required maxLength={80} defaultValue={name} errors={failed?.fields.name} />
          <Button type="submit" kind="primary" busy={busy}>
            Create organization
          </Button>
        </Form>
      </Card>
    </>
  );
}
