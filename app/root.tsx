// The document around every page.
import { isRouteErrorResponse, Links, Meta, Outlet, Scripts, ScrollRestoration, useRouteError } from "@remix-run/react";
import type { LinksFunction, MetaFunction } from "@remix-run/node";
import { type ReactNode, useContext } from "react";

import { Failed } from "#app/components/failed.tsx";
import { NonceContext } from "#app/nonce.ts";
import stylesheet from "#app/tailwind.css?url";

export const links: LinksFunction = () => [
  { rel: "stylesheet", href: stylesheet },
  { rel: "icon", href: "/favicon.svg", type: "image/svg+xml" },
];

export const meta: MetaFunction = () => [{ title: "Gatehouse" }, { name: "description", content: "One door for your organization's agents." }];

export function Layout({ children }: { children: ReactNode }) {
  const nonce = useContext(NonceContext);
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <Meta />
        <Links />
      </head>
      <body className="min-h-screen bg-canvas font-sans text-[15px] leading-6 text-ink">
        {children}
        <ScrollRestoration nonce={nonce} />
        <Scripts nonce={nonce} />
      </body>
    </html>
  );
}

export default function App() {
  return <Outlet />;
}

export function ErrorBoundary() {
  const error = useRouteError();
  const known = isRouteErrorResponse(error) ? error : null;
  return (
    <main className="grid min-h-screen place-items-center p-6">
      <Failed status={known?.status ?? 500} message={typeof known?.data === "string" ? known.data : null} />
    </main>
  );
}
