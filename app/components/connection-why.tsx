// "Why can or can't X use this?": an admin picks a person and reads what decides, step by step.
import { Form } from "@remix-run/react";
import { CircleCheck, CircleX } from "lucide-react";

import type { Explanation } from "#server/grants/explain.ts";

import type { Pickable } from "./access-picker.tsx";
import { Button } from "./ui/button.tsx";
import { Section } from "./ui/card.tsx";
import { cx } from "./ui/cx.ts";
import { Select } from "./ui/select.tsx";

const questions: Record<Explanation["steps"][number]["question"], string> = {
  rollout: "Rollout",
  grant: "Access",
  switch: "Switch",
  account: "Account",
  server: "Server",
};

function Answer({ explanation: { member, canUse, steps } }: { explanation: Explanation }) {
  return (
    <div className="mt-4" role="status">
      <p className="font-semibold">
        {member.name} {canUse ? "can use it." : "cannot use it right now."}
      </p>
      <ol className="mt-2 space-y-1.5">
        {steps.map(({ question, ok, answer }) => {
          const Icon = ok ? CircleCheck : CircleX;
          return (
            <li key={question} className="flex items-start gap-2">
              <Icon aria-hidden className={cx("mt-0.5 size-4 shrink-0", ok ? "text-accent-ink" : "text-danger-ink")} />
              <span>
                <span className="font-medium">
                  {questions[question]}
                  <span className="sr-only">{ok ? " (in order)" : " (stands in the way)"}</span>:
                </span>{" "}
                {answer}
              </span>
            </li>
          );
        })}
      </ol>
    </div>
  );
}

export function ConnectionWhy({ people, explanation }: { people: Pickable["people"]; explanation: Explanation | null }) {
  return (
    <Section id="why" title="Why can or can't somebody use this?" about="What decides for one person: access, their account, the server.">
      <Form method="get" preventScrollReset className="flex max-w-xl flex-wrap items-end gap-2">
        <Select
          id="why-person"
          name="why"
          label="Person"
          defaultValue={explanation?.member.id}
          options={people.map(({ id, name, email }) => ({ value: id, label: `${name} (${email})` }))}
          className="min-w-56 flex-1"
        />
        <Button type="submit">Explain</Button>
      </Form>
      {explanation && <Answer explanation={explanation} />}
    </Section>
  );
}
