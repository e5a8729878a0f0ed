// An agent that knows the URL alone asks to act for somebody: who it says it is, where it runs, what it may do, and in which organization.
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";

import { formFailure, orBoundary } from "#app/api-error.ts";
import { Answers, InWhich, WhatItMay } from "#app/components/consent-question.tsx";
import { Entrance } from "#app/components/entrance.tsx";
import { FormNotice } from "#app/components/failure-panel.tsx";
import { Notice } from "#app/components/ui/notice.tsx";
import { text } from "#app/form.ts";
import { loginFor, paths } from "#app/paths.ts";

export const meta: MetaFunction = () => [{ title: "Let an agent in - Gatehouse" }];

export async function loader({ request, params, context }: LoaderFunctionArgs) {
  const uid = params.uid ?? "";
  if (!context.actor) return redirect(loginFor(`${paths.consent}${encodeURIComponent(uid)}`));
  try {
    const [asked, organizations] = await orBoundary(request, Promise.all([context.consent.read(uid), context.api.organization.list()]));
    return { asked, organizations, name: context.actor.name };
  } catch (thrown) {
    if (thrown instanceof Response && thrown.statusText === "EXPIRED") return data({ asked: null, organizations: [], name: "" }, 410);
    throw thrown;
  }
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  const form = await request.formData();
  const uid = params.uid ?? "";
  try {
    if (text(form, "decision") !== "allow") return redirect(await context.consent.deny(uid));
    return redirect(await context.consent.allow({ uid, orgId: text(form, "organization") }));
  } catch (error) {
    return data(formFailure(error, { request, requestId: context.requestId }), 422);
  }
}

export default function Consent() {
  const { asked, organizations, name } = useLoaderData<typeof loader>();
  const failed = useActionData<typeof action>();
  if (!asked) {
    return (
      <Entrance title="This sign-in is over" about="It took too long, or was begun in another browser.">
        <p className="text-muted">Go back to your agent and start it again there.</p>
      </Entrance>
    );
  }
  const { clientName, redirectHost, isLocal, scopes } = asked;
  return (
    <Entrance title={`Let ${clientName} in?`} about={`It wants to act for you, ${name}.`}>
      {/* A plain form: the answer leads out of this product, to the agent. */}
      <form method="post" className="space-y-4">
        <FormNotice failed={failed} />
        <WhatItMay scopes={scopes} />
        <InWhich organizations={organizations} />
        <p className="text-muted">
          Afterwards your browser goes on to <code className="font-mono text-xs break-all text-ink">{redirectHost}</code>.
        </p>
        {isLocal && (
          <Notice tone="warn" title="A program on this computer">
            Its name is what it says of itself. Allow it only if you just started this sign-in yourself.
          </Notice>
        )}
        <Answers />
      </form>
    </Entrance>
  );
}
