// The frame of everybody who is signed in.
import type { LoaderFunctionArgs } from "@remix-run/node";
import { isRouteErrorResponse, Outlet, useLoaderData, useRouteError, useRouteLoaderData } from "@remix-run/react";

import { signedIn } from "#app/api-error.ts";
import { Failed } from "#app/components/failed.tsx";
import { Shell } from "#app/components/shell.tsx";

export function loader(args: LoaderFunctionArgs) {
  return signedIn(args).api.member.me();
}

export default function AppLayout() {
  return (
    <Shell person={useLoaderData<typeof loader>()}>
      <Outlet />
    </Shell>
  );
}

export function ErrorBoundary() {
  const person = useRouteLoaderData<typeof loader>("routes/_app");
  const error = useRouteError();
  const known = isRouteErrorResponse(error) ? error : null;
  const failed = <Failed status={known?.status ?? 500} message={typeof known?.data === "string" ? known.data : null} />;
  return person ? <Shell person={person}>{failed}</Shell> : <main className="p-6">{failed}</main>;
}
