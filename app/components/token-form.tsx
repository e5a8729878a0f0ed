// Creating a token for an agent.
import { Form, useNavigation } from "@remix-run/react";

import type { Failed } from "./failed.ts";
import { FormNotice } from "./failure-panel.tsx";
import { Button } from "./ui/button.tsx";
import { Choice } from "./ui/choice.tsx";
import { controlLook, Field, FieldError } from "./ui/field.tsx";
import { cx } from "./ui/cx.ts";

const lifetimes = [
  { days: 7, label: "7 days" },
  { days: 30, label: "30 days" },
  { days: 90, label: "90 days" },
  { days: 365, label: "1 year" },
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
        <div>
          <label htmlFor="token-days" className="mb-1.5 block font-medium">
            Expires after
          </label>
          <select id="token-days" name="expiresInDays" defaultValue="90" className={cx(controlLook, "h-9 px-2.5 text-base sm:text-sm")}>
            {lifetimes.map(({ days, label }) => (
              <option key={days} value={days}>
                {label}
              </option>
            ))}
          </select>
          <FieldError errors={errors.expiresInDays} />
        </div>
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
