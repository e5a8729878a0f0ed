// The frame around every page of somebody who is signed in: navigation at the side, or on top where it is narrow.
import { Form, NavLink } from "@remix-run/react";
import { clsx } from "clsx";
import { Bot, Cable, LogOut, type LucideIcon, Plug, ScrollText } from "lucide-react";
import type { ReactNode } from "react";

import { paths } from "#app/paths.ts";

import { Logo } from "./logo.tsx";

interface Person {
  name: string;
  role: string;
  organization: { name: string };
}

function Item({ to, icon: Icon, children }: { to: string; icon: LucideIcon; children: string }) {
  return (
    <li>
      <NavLink
        to={to}
        prefetch="intent"
        className={({ isActive }) =>
          clsx("flex items-center gap-2.5 rounded-lg px-3 py-2 text-sm font-medium whitespace-nowrap", isActive ? "bg-accent-wash text-accent" : "text-soft hover:bg-sunken hover:text-ink")
        }
      >
        <Icon aria-hidden className="size-4 shrink-0" />
        {children}
      </NavLink>
    </li>
  );
}

export function Shell({ person, children }: { person: Person; children: ReactNode }) {
  const manages = person.role !== "member";
  return (
    <div className="md:grid md:min-h-screen md:grid-cols-[15rem_minmax(0,1fr)]">
      <a href="#main" className="sr-only rounded-lg bg-surface px-3 py-2 focus:not-sr-only focus:absolute focus:top-2 focus:left-2 focus:z-10">
        Skip to the content
      </a>
      <aside className="border-b border-line bg-surface md:sticky md:top-0 md:flex md:h-screen md:flex-col md:border-r md:border-b-0">
        <div className="flex items-center gap-3 px-4 py-3 md:px-5 md:py-5">
          <Logo />
          <div className="min-w-0 flex-1">
            <p className="leading-5 font-semibold">Gatehouse</p>
            <p className="truncate text-xs text-faint">{person.organization.name}</p>
          </div>
          <SignOut className="md:hidden" />
        </div>
        <nav aria-label="Main" className="overflow-x-auto px-2 pb-2 md:flex-1 md:px-3">
          <ul className="flex gap-1 md:flex-col">
            <Item to={paths.connections} icon={Plug}>
              Your connections
            </Item>
            <Item to={paths.agents} icon={Bot}>
              Agents
            </Item>
            {manages && (
              <>
                <li aria-hidden className="hidden px-3 pt-5 pb-1 text-xs font-medium text-faint md:block">
                  Organization
                </li>
                <Item to={paths.adminConnections} icon={Cable}>
                  Connections
                </Item>
                <Item to={paths.audit} icon={ScrollText}>
                  Audit
                </Item>
              </>
            )}
          </ul>
        </nav>
        <div className="hidden items-center gap-2 border-t border-line px-5 py-4 md:flex">
          <div className="min-w-0 flex-1">
            <p className="truncate text-sm font-medium">{person.name}</p>
            <p className="text-xs text-faint capitalize">{person.role}</p>
          </div>
          <SignOut />
        </div>
      </aside>
      <main id="main" className="mx-auto w-full max-w-5xl px-4 py-6 sm:px-8 sm:py-10">
        {children}
      </main>
    </div>
  );
}

function SignOut({ className }: { className?: string }) {
  return (
    <Form method="post" action={paths.logout} className={className}>
      <button className="rounded-lg p-2 text-faint hover:bg-sunken hover:text-ink" aria-label="Sign out" title="Sign out">
        <LogOut aria-hidden className="size-4" />
      </button>
    </Form>
  );
}
