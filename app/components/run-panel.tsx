// The form that runs one capability as the person who looks at it, and what came of it.
import { Form, Link, useNavigation } from "@remix-run/react";

import type { Failed } from "./failed.ts";
import { RunButton } from "./match-card.tsx";
import { RunResult } from "./run-result.tsx";
import type { RunView } from "./run-view.ts";
import { JsonForm, SchemaForm } from "./schema-form.tsx";
import type { SchemaField } from "./schema-fields.ts";
import type { Errors, Values } from "./schema-values.ts";
import { Notice } from "./ui/notice.tsx";

/** What the page knows of the capability that is open. */
export interface OpenCapability {
  name: string;
  title: string;
  connection: string;
  /** Null: no form expresses what it takes. */
  fields: SchemaField[] | null;
  skeleton: string;
}

/** What the server said to a submitted form. */
export interface RunAnswer {
  name: string;
  errors: Errors;
  values: Values;
  run: RunView | null;
  failed: Failed | null;
}

interface RunPanelProps {
  capability: OpenCapability;
  asJson: boolean;
  /** This page with the other kind of form. */
  otherTo: string;
  answer: RunAnswer | null;
  admin: boolean;
}

export function RunPanel({ capability, asJson, otherTo, answer, admin }: RunPanelProps) {
  const busy = useNavigation().formMethod === "POST";
  const { fields, skeleton, name } = capability;
  const state = { errors: answer?.errors ?? {}, values: answer?.values ?? {} };
  const form = asJson ? null : fields;
  return (
    <div className="space-y-4">
      <Form method="post" preventScrollReset noValidate className="space-y-4" aria-label={`Run ${capability.title}`}>
        <input type="hidden" name="name" value={name} />
        {form === null && <input type="hidden" name="as" value="json" />}
        {form === null ? (
          <JsonForm skeleton={skeleton} {...state} />
        ) : form.length > 0 ? (
          <SchemaForm fields={form} {...state} />
        ) : (
          <p className="text-muted">It takes no arguments.</p>
        )}
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <RunButton busy={busy} />
          {fields !== null && fields.length > 0 && (
            <Link to={otherTo} preventScrollReset className="text-muted underline underline-offset-2 hover:text-ink">
              {asJson ? "Fill in a form instead" : "Write JSON instead"}
            </Link>
          )}
        </div>
        <p className="text-xs text-muted">
          It runs for real, with the account of {capability.connection} that your agents use, and is written to the audit trail as you in
          the browser.
        </p>
      </Form>
      {answer?.failed && (
        <Notice tone="bad" answer>
          {answer.failed.message}
        </Notice>
      )}
      {answer?.run && <RunResult run={answer.run} admin={admin} />}
    </div>
  );
}
