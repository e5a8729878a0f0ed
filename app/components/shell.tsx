// The frame of every signed-in page: navigation at the left, or behind a button where there is little room.
import { Form, Link, NavLink, useLocation, useNavigation } from "@remix-run/react";
import {
  Bot,
  FlaskConical,
  LogOut,
  type LucideIcon,
  Menu,
  PlugZap,
  ScrollText,
  Settings,
  SlidersHorizontal,
  Unplug,
  UserRound,
  UsersRound,
  X,
} from "lucide-react";
import { Dialog } from "radix-ui";
import { type ReactNode, useEffect, useState } from "react";

import { paths } from "#app/paths.ts";

import { Logo } from "./logo.tsx";
import { type OrganizationChoice, OrganizationSwitcher } from "./organization-switcher.tsx";
import { Button } from "./ui/button.tsx";
import { cx } from "./ui/cx.ts";

export interface Me {
  name: string;
  role: "owner" | "admin" | "member";
  organization: { name: string };
}

interface Item {
  to: string;
  label: string;
  Icon: LucideIcon;
}

const own: Item[] = [
  { to: paths.connections, label: "Your connections", Icon: PlugZap },
  { to: paths.agents, label: "Agents", Icon: Bot },
  { to: paths.playground, label: "Playground", Icon: FlaskConical },
  { to: paths.settings, label: "Your settings", Icon: SlidersHorizontal },
];
const admin: Item[] = [
  { to: paths.admin.connections, label: "Connections", Icon: Unplug },
  { to: paths.admin.members, label: "Members", Icon: UserRound },
  { to: paths.admin.teams, label: "Teams", Icon: UsersRound },
  { to: paths.admin.audit, label: "Audit trail", Icon: ScrollText },
  { to: paths.admin.settings, label: "Organization", Icon: Settings },
];

function Items({ items }: { items: Item[] }) {
  return (
    <ul className="space-y-0.5">
      {items.map(({ to, label, Icon }) => (
        <li key={to}>
          <NavLink
            to={to}
            prefetch="intent"
            className={({ isActive }) =>
              cx(
                "flex h-9 items-center gap-2.5 rounded-lg px-2.5 font-medium text-muted transition-colors hover:bg-hover hover:text-ink",
                isActive && "bg-hover text-ink",
              )
            }
          >
            <Icon aria-hidden className="size-4" />
            {label}
          </NavLink>
        </li>
      ))}
    </ul>
  );
}

interface ShellProps {
  me: Me;
  organizations: readonly OrganizationChoice[];
  signUpOpen: boolean;
}

function Navigation({ me, organizations, signUpOpen }: ShellProps) {
  return (
    <div className="flex h-full flex-col overflow-y-auto p-3">
      <Link to={paths.home} className="mb-1 flex h-11 items-center rounded-lg px-2">
        <Logo />
      </Link>
      <OrganizationSwitcher name={me.organization.name} organizations={organizations} signUpOpen={signUpOpen} />
      <nav aria-label="Main" className="flex-1 shrink-0 space-y-6 pb-3">
        <Items items={own} />
        {me.role !== "member" && (
          <div>
            <p className="px-2.5 pb-1.5 text-xs font-medium text-muted">Admin</p>
            <Items items={admin} />
          </div>
        )}
      </nav>
      <div className="flex items-center gap-2 border-t border-line px-2.5 pt-3">
        <span
          aria-hidden
          className="grid size-8 shrink-0 place-items-center rounded-full bg-accent-soft text-xs font-semibold text-accent-ink"
        >
          {me.name.slice(0, 1).toUpperCase()}
        </span>
        <div className="min-w-0 flex-1">
          <p className="truncate font-medium">{me.name}</p>
          <p className="text-xs text-muted capitalize">{me.role}</p>
        </div>
        <Form method="post" action={paths.logout}>
          <Button type="submit" kind="quiet" size="icon" aria-label="Sign out" title="Sign out">
            <LogOut aria-hidden className="size-4" />
          </Button>
        </Form>
      </div>
    </div>
  );
}

function Sheet(props: ShellProps) {
  const [open, setOpen] = useState(false);
  const { key } = useLocation();
  useEffect(() => setOpen(false), [key]);
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Trigger asChild>
        <Button kind="quiet" size="icon" aria-label="Open navigation">
          <Menu aria-hidden className="size-5" />
        </Button>
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 animate-fade bg-black/45 lg:hidden" />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed inset-y-0 left-0 z-50 w-72 max-w-[85vw] animate-slide border-r border-line bg-canvas shadow-pop focus:outline-none lg:hidden"
        >
          <Dialog.Title className="sr-only">Navigation</Dialog.Title>
          <Navigation {...props} />
          <Dialog.Close asChild>
            <Button kind="quiet" size="icon" aria-label="Close navigation" className="absolute top-4 right-3">
              <X aria-hidden className="size-4" />
            </Button>
          </Dialog.Close>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Progress() {
  const loading = useNavigation().state !== "idle";
  return (
    <div
      aria-hidden
      className={cx("fixed inset-x-0 top-0 z-50 h-0.5 origin-left bg-accent opacity-0", loading && "animate-pulse opacity-100")}
    />
  );
}

export function Shell({ children, ...props }: ShellProps & { children: ReactNode }) {
  return (
    <div className="lg:pl-60">
      <a
        href="#main"
        className="sr-only z-50 rounded-lg bg-accent px-3 py-2 text-on-accent focus:not-sr-only focus:fixed focus:top-3 focus:left-3"
      >
        Skip to content
      </a>
      <Progress />
      <aside className="fixed inset-y-0 left-0 hidden w-60 border-r border-line lg:block" aria-label="Sidebar">
        <Navigation {...props} />
      </aside>
      <header className="sticky top-0 z-30 flex h-14 items-center justify-between border-b border-line bg-canvas/90 px-4 backdrop-blur lg:hidden">
        <Link to={paths.home} className="rounded-lg">
          <Logo />
        </Link>
        <Sheet {...props} />
      </header>
      <main id="main" className="mx-auto max-w-5xl px-4 py-6 sm:px-8 sm:py-10">
        {children}
      </main>
    </div>
  );
}
