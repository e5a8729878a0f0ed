// An agent that knows the URL alone asks to act for somebody: who it says it is, where it runs, what it may do, and in which organization.
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction, redirect } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";

import { formFailure, orBoundary } from "#app/api-error.ts";
import { Entrance } from "#app/components/entrance.tsx";
import { FormNotice } from "#app/components/failure-panel.tsx";
import { Button } from "#app/components/ui/button.tsx";
import { Choice } from "#app/components/ui/choice.tsx";
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

const scopeWords: Record<string, string> = {
  "mcp:read": "Search what you can use, and read Gatehouse's own answers",
  "mcp:write": "Call the tools of your connections, as you",
};

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
        <div>
          <p className="mb-1.5 font-medium">It may</p>
          <ul className="list-disc space-y-1 pl-5 text-muted">
            {scopes.map((scope) => (
              <li key={scope}>{scopeWords[scope] ?? scope}</li>
            ))}
          </ul>
        </div>
        {organizations.length > 1 ? (
          <fieldset className="min-w-0 space-y-2">
            <legend className="mb-1.5 font-medium">In which organization?</legend>
            {organizations.map(({ id, name: organization, current }) => (
              <Choice key={id} type="radio" name="organization" value={id} defaultChecked={current} label={organization} />
            ))}
          </fieldset>
        ) : (
          <>
            <input type="hidden" name="organization" value={organizations[0]?.id} />
            <p className="text-muted">
              In <span className="font-medium text-ink">{organizations[0]?.name}</span>.
            </p>
          </>
        )}
        <p className="text-muted">
          Afterwards your browser goes on to <code className="font-mono text-xs break-all text-ink">{redirectHost}</code>.
        </p>
        {isLocal && (
          <Notice tone="warn" title="A program on this computer">
            Its name is what it says of itself. Allow it only if you just started this sign-in yourself.
          </Notice>
        )}
        <div className="flex gap-2">
          <Button type="submit" name="decision" value="deny" className="flex-1">
            Refuse
          </Button>
          <Button type="submit" name="decision" value="allow" kind="primary" className="flex-1">
            Allow
          </Button>
        </div>
      </form>
    </Entrance>
  );
}
