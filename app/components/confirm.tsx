// A button for something that cannot be taken back: it says what will be lost before it happens.
import { Form, useNavigation } from "@remix-run/react";
import { type ReactNode, useState } from "react";

import { Button } from "./ui/button.tsx";
import { Dialog } from "./ui/dialog.tsx";

interface ConfirmProps {
  /** The button's text, for example "Delete connection". */
  label: string;
  title: string;
  about: ReactNode;
  /** What the form sends besides `intent`. */
  intent: string;
  fields?: Record<string, string>;
  size?: "md" | "sm";
  accessibleName?: string;
}

export function Confirm({ label, title, about, intent, fields = {}, size, accessibleName }: ConfirmProps) {
  const [open, setOpen] = useState(false);
  const busy = useNavigation().state !== "idle";
  return (
    <>
      <Button size={size} onClick={() => setOpen(true)} aria-label={accessibleName} className="text-danger-ink">
        {label}
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title={title} about={about}>
        <Form method="post" className="mt-5 flex flex-wrap justify-end gap-2" onSubmit={() => setOpen(false)}>
          <input type="hidden" name="intent" value={intent} />
          {Object.entries(fields).map(([name, value]) => (
            <input key={name} type="hidden" name={name} value={value} />
          ))}
          <Button onClick={() => setOpen(false)}>Cancel</Button>
          <Button type="submit" kind="danger" busy={busy}>
            {label}
          </Button>
        </Form>
      </Dialog>
    </>
  );
}
