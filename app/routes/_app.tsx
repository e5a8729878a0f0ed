// Signed-in pages: who is here, and the shell around what they look at.
import type { LoaderFunctionArgs } from "@remix-run/node";
import { Outlet, useLoaderData, useRouteLoaderData } from "@remix-run/react";

import { orBoundary } from "#app/api-error.ts";
import { ErrorPage } from "#app/components/error-page.tsx";
import { Shell } from "#app/components/shell.tsx";

export async function loader({ request, context }: LoaderFunctionArgs) {
  return { me: await orBoundary(request, context.api.member.me()) };
}

export default function App() {
  const { me } = useLoaderData<typeof loader>();
  return (
    <Shell me={me}>
      <Outlet />
    </Shell>
  );
}

export function ErrorBoundary() {
  const data = useRouteLoaderData<typeof loader>("routes/_app");
  if (data) {
    return (
      <Shell me={data.me}>
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
