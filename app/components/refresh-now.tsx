// Reads the tools of every connection again and says how each went.
import { Form, useNavigation } from "@remix-run/react";
import { RefreshCw } from "lucide-react";

import type { Refreshed } from "#server/connections/refresh-usable.ts";

import type { Failed } from "./failed.ts";
import { FormNotice } from "./failure-panel.tsx";
import { Badge } from "./ui/badge.tsx";
import { Button } from "./ui/button.tsx";

function words({ change, message }: Refreshed): string {
  if (!change) return message ?? "";
  const parts = [
    change.added > 0 && `${change.added} new`,
    change.changed > 0 && `${change.changed} changed`,
    change.removed > 0 && `${change.removed} gone`,
  ].filter((part) => part !== false);
  return parts.length > 0 ? parts.join(", ") : "Nothing changed";
}

export function RefreshNow({ refreshed, failed }: { refreshed: Refreshed[] | null; failed: Failed | null }) {
  const busy = useNavigation().formData?.get("intent") === "refresh";
  return (
    <div className="space-y-4">
      <FormNotice failed={failed} />
      <Form method="post" preventScrollReset>
        <input type="hidden" name="intent" value="refresh" />
        <Button type="submit" busy={busy}>
          {!busy && <RefreshCw aria-hidden className="size-4" />}
          Refresh now
        </Button>
      </Form>
      {refreshed && (
        <div role="status" data-answer className="scroll-m-20">
          {refreshed.length === 0 && <p className="text-muted">There is no connection you may use yet.</p>}
          <ul className="divide-y divide-line">
            {refreshed.map((row) => (
              <li key={row.id} className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2">
                <span className="font-medium wrap-anywhere">{row.name}</span>
                <Badge tone={row.change ? "good" : "warn"}>{row.change ? "Read" : "Not read"}</Badge>
                <span className="text-muted">{words(row)}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
