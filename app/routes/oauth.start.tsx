// Signing in at a provider without a popup, for a browser without JavaScript. The link on this page leaves: a form may not be
// redirected to another origin under our content security policy.
import { type ActionFunctionArgs, data, type MetaFunction } from "@remix-run/node";
import { useActionData } from "@remix-run/react";
import { ExternalLink } from "lucide-react";

import { formFailure } from "#app/api-error.ts";
import { Entrance } from "#app/components/entrance.tsx";
import { FormNotice } from "#app/components/failure-panel.tsx";
import { ButtonLink } from "#app/components/ui/button.tsx";
import { text } from "#app/form.ts";
import { paths } from "#app/paths.ts";

export const meta: MetaFunction = () => [{ title: "Sign in at the provider - Gatehouse" }];

export async function action({ request, context }: ActionFunctionArgs) {
  const connectionId = text(await request.formData(), "connectionId");
  try {
    const { authorizationUrl } = await context.api.oauth.begin({ connectionId });
    return { url: authorizationUrl, host: new URL(authorizationUrl).host, failed: null };
  } catch (error) {
    return data({ url: null, host: null, failed: formFailure(error, { request, requestId: context.requestId }) }, 422);
  }
}

export default function Start() {
  const result = useActionData<typeof action>();
  return (
    <Entrance
      title="Sign in at the provider"
      about={result?.host ? `You are leaving for ${result.host} and will come back here.` : "Nothing was connected."}
    >
      <FormNotice failed={result?.failed} title="The sign-in did not work" />
      {result?.url ? (
        <ButtonLink to={result.url} kind="primary" className="w-full">
          Continue to sign in <ExternalLink aria-hidden className="size-4" />
        </ButtonLink>
      ) : (
        <ButtonLink to={paths.connections} className="mt-4 w-full">
          Back to your connections
        </ButtonLink>
      )}
    </Entrance>
  );
}
