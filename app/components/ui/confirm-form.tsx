// A destructive action: one press opens a dialog that says what will be lost, a second one does it.
import { Form, useNavigation } from "@remix-run/react";
import { AlertDialog } from "radix-ui";
import { type ReactNode, useState } from "react";

import { Button } from "./button.tsx";

interface ConfirmFormProps {
  intent: string;
  label: string;
  title: string;
  confirm: string;
  children: ReactNode;
}

export function ConfirmForm({ intent, label, title, confirm, children }: ConfirmFormProps) {
  const [open, setOpen] = useState(false);
  const busy = useNavigation().state !== "idle";
  return (
    <AlertDialog.Root open={open} onOpenChange={setOpen}>
      <AlertDialog.Trigger asChild>
        <Button type="button" look="danger" className="justify-self-start">
          {label}
        </Button>
      </AlertDialog.Trigger>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="fixed inset-0 bg-black/40" />
        <AlertDialog.Content className="fixed top-1/2 left-1/2 w-[min(28rem,calc(100vw-2rem))] -translate-x-1/2 -translate-y-1/2 rounded-xl border border-line bg-surface p-6 shadow-xl">
          <AlertDialog.Title className="text-lg font-semibold">{title}</AlertDialog.Title>
          <AlertDialog.Description asChild>
            <div className="mt-2 text-soft">{children}</div>
          </AlertDialog.Description>
          <Form method="post" className="mt-6 flex flex-wrap justify-end gap-2" onSubmit={() => setOpen(false)}>
            <input type="hidden" name="intent" value={intent} />
            <AlertDialog.Cancel asChild>
              <Button type="button" look="secondary">
                Keep it
              </Button>
            </AlertDialog.Cancel>
            <Button look="danger" busy={busy}>
              {confirm}
            </Button>
          </Form>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
