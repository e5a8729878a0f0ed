// The frame of the pages before anybody is signed in.
import type { ReactNode } from "react";

import { Logo } from "./logo.tsx";

export function FrontDoor({ title, about, children }: { title: string; about: string; children: ReactNode }) {
  return (
    <main className="grid min-h-screen place-items-center px-4 py-10">
      <div className="w-full max-w-md">
        <div className="mb-6 flex items-center gap-3">
          <Logo className="size-9" />
          <p className="text-lg font-semibold tracking-tight">Gatehouse</p>
        </div>
        <div className="rounded-2xl border border-line bg-surface p-6 sm:p-8">
          <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
          <p className="mt-1 mb-6 text-soft">{about}</p>
          {children}
        </div>
      </div>
    </main>
  );
}
