// An agent on a machine without a browser shows a code: its person types it here, sees who asks, and answers.
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { Form, useActionData, useLoaderData, useNavigation } from "@remix-run/react";

import { formFailure, orBoundary } from "#app/api-error.ts";
import { Answers, InWhich, WhatItMay } from "#app/components/consent-question.tsx";
import { Entrance } from "#app/components/entrance.tsx";
import { FormNotice } from "#app/components/failure-panel.tsx";
import { Button, ButtonLink } from "#app/components/ui/button.tsx";
import { Field } from "#app/components/ui/field.tsx";
import { Notice } from "#app/components/ui/notice.tsx";
import { text } from "#app/form.ts";
import { loginFor, paths } from "#app/paths.ts";

export const meta: MetaFunction = () => [{ title: "Sign in a device - Gatehouse" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const code = (new URL(request.url).searchParams.get("user_code") ?? "").slice(0, 20);
  if (!context.actor) return redirect(loginFor(code ? `${paths.device}?user_code=${encodeURIComponent(code)}` : paths.device));
  const organizations = await orBoundary(request, context.api.organization.list());
  return { code, organizations, name: context.actor.name };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const form = await request.formData();
  const userCode = text(form, "userCode").slice(0, 20);
  const decision = text(form, "decision");
  try {
    if (decision === "allow") {
      const { clientName } = await context.device.allow({ userCode, orgId: text(form, "organization") });
      return { step: "allowed", clientName } as const;
    }
    if (decision === "deny") return { step: "denied", clientName: (await context.device.deny(userCode)).clientName } as const;
    return { step: "asked", asked: await context.device.read(userCode) } as const;
  } catch (error) {
    return data({ step: "failed", failed: formFailure(error, { request, requestId: context.requestId }) } as const, 422);
  }
}

export default function Device() {
  const { code, organizations, name } = useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>();
  const busy = useNavigation().state !== "idle";
  if (answer?.step === "allowed") {
    return (
      <Entrance title={`${answer.clientName} is in`} about="It goes on by itself in a few seconds.">
        <p className="mb-4 text-muted">You can close this page and go back to your agent. Under Agents you see it, and end its access.</p>
        <ButtonLink to={paths.agents} className="w-full">
          See your agents
        </ButtonLink>
      </Entrance>
    );
  }
  if (answer?.step === "denied") {
    return (
      <Entrance title="Refused" about={`${answer.clientName} was told no.`}>
        <p className="text-muted">Nothing was given to it. You can close this page.</p>
      </Entrance>
    );
  }
  if (answer?.step === "asked") {
    const { clientName, userCode, scopes } = answer.asked;
    return (
      <Entrance title={`Let ${clientName} in?`} about={`It wants to act for you, ${name}.`}>
        <Form method="post" className="space-y-4">
          <input type="hidden" name="userCode" value={userCode} />
          <Notice tone="warn" title="Does your agent show this code?">
            <p className="my-1 font-mono text-base tracking-widest">{userCode}</p>
            Its name is what it says of itself. Allow it only if you just started this sign-in yourself: a code that somebody sent you lets
            them act as you.
          </Notice>
          <WhatItMay scopes={scopes} />
          <InWhich organizations={organizations} />
          <Answers />
        </Form>
      </Entrance>
    );
  }
  const failed = answer?.step === "failed" ? answer.failed : null;
  const errors = failed?.fields.userCode;
  return (
    <Entrance title="Sign in a device" about="Type the code that your agent shows.">
      <Form method="post" className="space-y-4">
        {errors ? null : <FormNotice failed={failed} />}
        <Field
          id="user-code"
          name="userCode"
          label="Code"
          hint="Eight letters, like BCDF-GHJK."
          defaultValue={code}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          maxLength={20}
          required
          errors={errors}
        />
        <Button type="submit" kind="primary" busy={busy} className="w-full">
          Continue
        </Button>
      </Form>
    </Entrance>
  );
}
