// Signed-in pages: who is here, and the shell around what they look at.
import type { LoaderFunctionArgs } from "@remix-run/node";
import { Outlet, useLoaderData, useRouteLoaderData } from "@remix-run/react";

import { orBoundary } from "#app/api-error.ts";
import { ErrorPage } from "#app/components/error-page.tsx";
import { Shell } from "#app/components/shell.tsx";

export async function loader({ request, context }: LoaderFunctionArgs) {
  const { api, auth } = context;
  const [me, organizations] = await orBoundary(request, Promise.all([api.member.me(), api.organization.list()]));
  return { me, organizations, signUpOpen: auth.isSignUpOpen() };
}

export default function App() {
  const data = useLoaderData<typeof loader>();
  return (
    <Shell {...data}>
      <Outlet />
    </Shell>
  );
}

export function ErrorBoundary() {
  const data = useRouteLoaderData<typeof loader>("routes/_app");
  if (data) {
    return (
      <Shell {...data}>
        <ErrorPage />
      </Shell>
    );
  }
  return (
    <main className="grid min-h-dvh place-items-center p-6">
      <ErrorPage />
    </main>
  );
}
