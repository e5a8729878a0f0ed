// Who may use a connection, and changing it: what is saved replaces the whole list.
import { Form, Link, useNavigation } from "@remix-run/react";

import type { ConnectionDetail } from "#server/connections/view.ts";

import { AccessPicker, type Pickable } from "./access-picker.tsx";
import type { Failed } from "./failed.ts";
import { FormNotice } from "./failure-panel.tsx";
import { Button } from "./ui/button.tsx";
import { Section } from "./ui/card.tsx";
import { Notice } from "./ui/notice.tsx";

interface AccessProps {
  connection: ConnectionDetail;
  pickable: Pickable;
  failed: Failed | null;
  saved: string | null;
}

export function ConnectionAccess({ connection: { version, grants }, pickable, failed, saved }: AccessProps) {
  const busy = useNavigation().formData?.get("intent") === "access";
  return (
    <Section id="access" title="Who can use this?" about="Without access nobody finds or calls its tools, admins included.">
      <Form method="post" key={version} className="max-w-2xl space-y-4">
        {failed?.code === "CONFLICT" ? (
          <Notice tone="warn" answer title="Somebody else changed this connection">
            <p>{failed.message}</p>
            <Link to="." className="mt-1 inline-block font-medium underline" reloadDocument>
              Load it again
            </Link>
          </Notice>
        ) : (
          <FormNotice failed={failed} />
        )}
        {saved && (
          <Notice tone="good" answer>
            {saved}
          </Notice>
        )}
        <input type="hidden" name="intent" value="access" />
        <input type="hidden" name="version" value={version} />
        <AccessPicker pickable={pickable} initial={grants} hideLegend />
        <Button type="submit" busy={busy}>
          Save access
        </Button>
      </Form>
    </Section>
  );
}
