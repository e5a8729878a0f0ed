// The page of people who are not signed in: one card under the mark.
import type { ReactNode } from "react";

import { Mark } from "./logo.tsx";
import { Card } from "./ui/card.tsx";

export function Entrance({ title, about, children }: { title: string; about: string; children: ReactNode }) {
  return (
    <main className="grid min-h-dvh place-items-center px-4 py-10">
      <div className="w-full max-w-sm">
        <Mark className="mx-auto size-11" />
        <h1 className="mt-5 text-center text-xl font-semibold tracking-tight wrap-anywhere">{title}</h1>
        <p className="mt-1.5 mb-6 text-center text-base text-pretty wrap-anywhere text-muted">{about}</p>
        <Card className="p-5 sm:p-6">{children}</Card>
      </div>
    </main>
  );
}
