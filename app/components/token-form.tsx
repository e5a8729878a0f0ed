// Creating a token for an agent.
import { Form, useNavigation } from "@remix-run/react";

import type { Failed } from "./failed.ts";
import { FormNotice } from "./failure-panel.tsx";
import { Button } from "./ui/button.tsx";
import { Choice } from "./ui/choice.tsx";
import { cx } from "./ui/cx.ts";
import { Field, FieldError } from "./ui/field.tsx";
import { Select } from "./ui/select.tsx";

const lifetimes = [
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "1 year" },
];

export function TokenForm({ admin, failed }: { admin: boolean; failed: Failed | null }) {
  const busy = useNavigation().formData?.get("intent") === "create";
  const errors = failed?.fields ?? {};
  return (
    <Form method="post" noValidate className="space-y-4">
      {failed && Object.keys(errors).length === 0 && <FormNotice failed={failed} />}
      <input type="hidden" name="intent" value="create" />
      <div className="grid gap-4 sm:grid-cols-[minmax(0,1fr)_10rem]">
        <Field
          id="token-name"
          name="name"
          label="Name"
          required
          maxLength={80}
          placeholder="Claude Code on my laptop"
          errors={errors.name}
          autoComplete="off"
        />
        <Select
          id="token-days"
          name="expiresInDays"
          label="Expires after"
          defaultValue="90"
          options={lifetimes}
          errors={errors.expiresInDays}
        />
      </div>
      <fieldset>
        <legend className="mb-1.5 font-medium">What may it do?</legend>
        <div className={cx("grid gap-2", admin ? "sm:grid-cols-3" : "sm:grid-cols-2")}>
          <Choice type="radio" name="access" value="write" defaultChecked label="Read and write" hint="Every tool you may use." />
          <Choice type="radio" name="access" value="read" label="Read only" hint="Only tools that change nothing." />
          {admin && (
            <Choice
              type="radio"
              name="access"
              value="admin"
              label="Machine interface"
              hint="Manage Gatehouse by its API. Not for agents."
            />
          )}
        </div>
        <FieldError errors={errors.scopes} />
      </fieldset>
      <Button type="submit" kind="primary" busy={busy}>
        Create token
      </Button>
    </Form>
  );
}
