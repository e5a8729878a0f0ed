// The organization's name above the navigation; a menu where there is another one to go to, or one can be made.
import { Link, useSubmit } from "@remix-run/react";
import { Check, ChevronsUpDown, Plus } from "lucide-react";
import { DropdownMenu } from "radix-ui";

import { paths } from "#app/paths.ts";

import { cx } from "./ui/cx.ts";

export interface OrganizationChoice {
  id: string;
  name: string;
  current: boolean;
}

interface SwitcherProps {
  name: string;
  organizations: readonly OrganizationChoice[];
  signUpOpen: boolean;
}

const item = "flex h-9 w-full cursor-pointer items-center gap-2 rounded-lg px-2.5 text-left outline-none data-highlighted:bg-hover";

export function OrganizationSwitcher({ name, organizations, signUpOpen }: SwitcherProps) {
  const submit = useSubmit();
  if (organizations.length < 2 && !signUpOpen) return <p className="truncate px-2.5 pb-3 text-xs text-muted">{name}</p>;
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger
        aria-label={`Organization: ${name}. Switch`}
        className="mb-2 flex h-9 w-full items-center gap-2 rounded-lg px-2.5 text-xs text-muted hover:bg-hover hover:text-ink"
      >
        <span className="min-w-0 flex-1 truncate text-left">{name}</span>
        <ChevronsUpDown aria-hidden className="size-3.5 shrink-0" />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="start"
          sideOffset={4}
          className="z-[60] max-h-80 w-56 animate-fade overflow-y-auto rounded-xl border border-line bg-surface p-1.5 text-sm shadow-pop"
        >
          {organizations.map(({ id, name: label, current }) => (
            // Not a form around the item: the menu closes before the browser submits, and a form that is gone is not sent.
            <DropdownMenu.Item
              key={id}
              disabled={current}
              aria-current={current || undefined}
              className={item}
              onSelect={() => submit({ id }, { method: "post", action: paths.switchOrganization })}
            >
              <span className="min-w-0 flex-1 truncate">{label}</span>
              <Check aria-hidden className={cx("size-4", !current && "invisible")} />
            </DropdownMenu.Item>
          ))}
          {signUpOpen && (
            <DropdownMenu.Item asChild>
              <Link to={paths.newOrganization} className={item}>
                <Plus aria-hidden className="size-4" />
                New organization
              </Link>
            </DropdownMenu.Item>
          )}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
