// What the popup shows until the provider's address is known.
import type { MetaFunction } from "@remix-run/node";
import { LoaderCircle } from "lucide-react";

export const meta: MetaFunction = () => [{ title: "Signing in - Gatehouse" }];

export default function Wait() {
  return (
    <main className="grid min-h-dvh place-items-center p-6 text-center">
      <div role="status">
        <LoaderCircle aria-hidden className="mx-auto size-7 animate-spin text-accent" />
        <h1 className="mt-4 text-base font-semibold">Opening the sign-in</h1>
        <p className="mt-1 text-muted">The provider's page appears here in a moment.</p>
      </div>
    </main>
  );
}
