// A dialog that asks before something happens.
import { Dialog as Primitive } from "radix-ui";
import type { ReactNode } from "react";

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  about: ReactNode;
  children: ReactNode;
}

export function Dialog({ open, onOpenChange, title, about, children }: DialogProps) {
  return (
    <Primitive.Root open={open} onOpenChange={onOpenChange}>
      <Primitive.Portal>
        <Primitive.Overlay className="fixed inset-0 z-40 animate-fade bg-black/45" />
        <Primitive.Content className="fixed inset-x-4 top-1/2 z-50 mx-auto max-w-md -translate-y-1/2 animate-fade rounded-2xl wrap-anywhere border border-line bg-surface p-5 shadow-pop focus:outline-none sm:p-6">
          <Primitive.Title className="text-base font-semibold tracking-tight">{title}</Primitive.Title>
          <Primitive.Description asChild>
            <div className="mt-1.5 text-muted">{about}</div>
          </Primitive.Description>
          {children}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}
