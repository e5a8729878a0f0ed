// A part of the page that scrolls by itself, so it has a name and can be reached by keyboard.
import type { ReactNode } from "react";

import { cx } from "./cx.ts";

export function ScrollRegion({ label, className, children }: { label: string; className?: string; children: ReactNode }) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls has to be reachable by keyboard
    <div role="region" aria-label={label} tabIndex={0} className={cx("overflow-auto", className)}>
      {children}
    </div>
  );
}
