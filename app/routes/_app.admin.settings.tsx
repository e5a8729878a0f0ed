// The organization: its name, and how large it is.
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Form, Link, useActionData, useLoaderData, useNavigation } from "@remix-run/react";

import { formFailure, orBoundary } from "#app/api-error.ts";
import { FormNotice } from "#app/components/failure-panel.tsx";
import { PageHeader } from "#app/components/page-header.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { Section } from "#app/components/ui/card.tsx";
import { Field } from "#app/components/ui/field.tsx";
import { Notice } from "#app/components/ui/notice.tsx";
import { Time } from "#app/components/ui/time.tsx";
import { text } from "#app/form.ts";
import { paths } from "#app/paths.ts";

export const meta: MetaFunction = () => [{ title: "Organization - Gatehouse" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  return { organization: await orBoundary(request, context.api.organization.read()) };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const form = await request.formData();
  const name = text(form, "name");
  try {
    await context.api.organization.update({ name });
    return { saved: true, name: null, failed: null };
  } catch (error) {
    return data({ saved: false, name, failed: formFailure(error, { request, requestId: context.requestId }) }, 422);
  }
}

function Fact({ label, to, children }: { label: string; to: string; children: number }) {
  return (
    <div>
      <dt className="text-muted">{label}</dt>
      <dd className="text-lg font-semibold">
        <Link to={to} className="underline decoration-line-strong underline-offset-4">
          {children}
        </Link>
      </dd>
    </div>
  );
}

export default function OrganizationSettings() {
  const { organization } = useLoaderData<typeof loader>();
  const result = useActionData<typeof action>();
  const busy = useNavigation().formData !== undefined;
  const errors = result?.failed?.fields.name;
  return (
    <>
      <PageHeader title="Organization" about="What everybody here belongs to." />
      <div className="space-y-5">
        <Section id="name-section" title="Name">
          <Form method="post" noValidate className="max-w-xl space-y-4">
            {result?.saved && (
              <Notice tone="good" answer>
                Saved.
              </Notice>
            )}
            {result?.failed && !errors && <FormNotice failed={result.failed} />}
            <Field
              id="name"
              name="name"
              label="Organization name"
              required
              maxLength={80}
              defaultValue={result?.name ?? organization.name}
              errors={errors}
            />
            <Button type="submit" busy={busy}>
              Save name
            </Button>
          </Form>
        </Section>
        <Section id="facts" title="At a glance">
          <dl className="grid gap-4 sm:grid-cols-3">
            <Fact label="Members" to={paths.admin.members}>
              {organization.members}
            </Fact>
            <Fact label="Teams" to={paths.admin.teams}>
              {organization.teams}
            </Fact>
            <Fact label="Connections" to={paths.admin.connections}>
              {organization.connections}
            </Fact>
          </dl>
          <p className="mt-4 text-xs text-muted">
            Created <Time at={organization.createdAt} />. On the operator&apos;s command line it is called{" "}
            <code className="font-mono">{organization.slug}</code>.
          </p>
        </Section>
      </div>
    </>
  );
}
