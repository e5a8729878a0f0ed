// The audit trail: who did what, newest first, with filters and pages.
import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, useLoaderData, useNavigation } from "@remix-run/react";
import { ScrollText } from "lucide-react";

import { orBoundary } from "#app/api-error.ts";
import { actionWords, AuditTable } from "#app/components/audit-table.tsx";
import { PageHeader } from "#app/components/page-header.tsx";
import { Button, ButtonLink } from "#app/components/ui/button.tsx";
import { Empty } from "#app/components/ui/card.tsx";
import { cx } from "#app/components/ui/cx.ts";
import { controlLook } from "#app/components/ui/field.tsx";
import { paths } from "#app/paths.ts";
import type { AuditFilter } from "#server/audit/list.ts";

export const meta: MetaFunction = () => [{ title: "Audit trail - Gatehouse" }];

const outcomes = ["ok", "failed", "denied", "started"] as const satisfies readonly AuditFilter["outcome"][];
const outcomeWords = { ok: "Done", failed: "Failed", denied: "Denied", started: "Under way" };

const isAction = (value: string | null): value is NonNullable<AuditFilter["action"]> => value !== null && Object.hasOwn(actionWords, value);

export async function loader({ request, context: { api } }: LoaderFunctionArgs) {
  const query = new URL(request.url).searchParams;
  const action = query.get("action");
  const chosen = {
    action: isAction(action) ? action : undefined,
    outcome: outcomes.find((outcome) => outcome === query.get("outcome")),
    membershipId: query.get("person") ?? undefined,
  };
  const filter = { ...chosen, membershipId: chosen.membershipId || undefined, cursor: query.get("after") ?? undefined, limit: 50 };
  const [{ events, nextCursor }, people] = await orBoundary(request, Promise.all([api.audit.list(filter), api.member.list()]));
  const rows = events.map(({ id, at, action: name, via, actorName, targetName, outcome, errorCode, durationMs, requestId }) => ({
    id,
    at,
    action: name,
    via,
    actorName,
    targetName,
    outcome,
    errorCode,
    durationMs,
    requestId,
  }));
  const filters = new URLSearchParams(query);
  filters.delete("after");
  const older = nextCursor === null ? null : `?${new URLSearchParams([...filters, ["after", nextCursor]]).toString()}`;
  const newest = query.has("after") ? `?${filters.toString()}` : null;
  return {
    rows,
    people: people.map(({ id, name }) => ({ id, name })),
    chosen,
    filtered: Object.values(chosen).some(Boolean),
    older,
    newest,
  };
}

interface SelectProps {
  id: string;
  label: string;
  all: string;
  value: string | undefined;
  options: { value: string; label: string }[];
}

function Select({ id, label, all, value, options }: SelectProps) {
  return (
    <div className="w-full min-w-0 sm:w-48">
      <label htmlFor={id} className="mb-1 block text-xs font-medium text-muted">
        {label}
      </label>
      <select key={value} id={id} name={id} defaultValue={value ?? ""} className={cx(controlLook, "h-9 px-2.5 text-base sm:text-sm")}>
        <option value="">{all}</option>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  );
}

export default function Audit() {
  const { rows, people, chosen, filtered, older, newest } = useLoaderData<typeof loader>();
  const busy = useNavigation().location?.pathname === paths.admin.audit;
  return (
    <>
      <PageHeader title="Audit trail" about="Every change and every call, with who did it. Arguments and secrets are not kept." />
      <Form method="get" className="mb-4 flex flex-wrap items-end gap-3">
        <Select
          id="action"
          label="What"
          all="Everything"
          value={chosen.action}
          options={Object.entries(actionWords).map(([value, label]) => ({ value, label }))}
        />
        <Select
          id="person"
          label="Who"
          all="Everyone"
          value={chosen.membershipId}
          options={people.map(({ id, name }) => ({ value: id, label: name }))}
        />
        <Select
          id="outcome"
          label="Outcome"
          all="Any"
          value={chosen.outcome}
          options={outcomes.map((value) => ({ value, label: outcomeWords[value] }))}
        />
        <div className="flex gap-2">
          <Button type="submit" busy={busy}>
            Filter
          </Button>
          {filtered && (
            <ButtonLink to={paths.admin.audit} kind="quiet">
              Clear
            </ButtonLink>
          )}
        </div>
      </Form>
      {rows.length === 0 ? (
        <Empty icon={<ScrollText />} title={filtered ? "Nothing matches" : "Nothing has happened yet"}>
          {filtered ? "No entry fits these filters. Choose others, or clear them." : "What people and agents do appears here."}
        </Empty>
      ) : (
        <AuditTable rows={rows} />
      )}
      {(older !== null || newest !== null) && (
        <nav aria-label="Pages" className="mt-4 flex justify-between gap-2">
          {newest !== null ? <ButtonLink to={newest}>Newest</ButtonLink> : <span />}
          {older !== null && <ButtonLink to={older}>Older</ButtonLink>}
        </nav>
      )}
    </>
  );
}
