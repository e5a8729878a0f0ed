// The playground: search as an agent of this person does, see why each match is there and what the agent reads, and run any of it by hand.
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData, useLocation } from "@remix-run/react";

import { formFailure, orBoundary } from "#app/api-error.ts";
import { MatchCard } from "#app/components/match-card.tsx";
import { PageHeader } from "#app/components/page-header.tsx";
import { AgentAnswer, NothingFound, NothingSearched, Unusable } from "#app/components/playground-answer.tsx";
import { type Asked, PlaygroundForm } from "#app/components/playground-form.tsx";
import { type OpenCapability, type RunAnswer, RunPanel } from "#app/components/run-panel.tsx";
import { runView } from "#app/components/run-view.ts";
import { fieldsOf, skeletonOf } from "#app/components/schema-fields.ts";
import { atFields, filledIn, filledInAsJson } from "#app/components/schema-values.ts";
import { Card } from "#app/components/ui/card.tsx";
import { Notice } from "#app/components/ui/notice.tsx";
import { useReveal } from "#app/components/ui/reveal.ts";
import { text } from "#app/form.ts";
import { isMissingHere, search } from "#app/playground-search.ts";

export const meta: MetaFunction = () => [{ title: "Playground - Gatehouse" }];

function askedOf(query: URLSearchParams): Asked {
  const queries = query
    .getAll("q")
    .map((wording) => wording.trim())
    .filter(Boolean);
  const limit = Number(query.get("limit") ?? 5);
  return {
    queries: queries.slice(0, 5),
    limit: Number.isInteger(limit) && limit >= 1 && limit <= 20 ? limit : 5,
    connection: query.get("connection")?.trim() ?? "",
    detail: query.get("detail") === "brief" ? "brief" : "full",
  };
}

export async function loader({ request, context }: LoaderFunctionArgs) {
  const { api, playground } = context;
  const query = new URL(request.url).searchParams;
  const asked = askedOf(query);
  const [usable, me] = await orBoundary(request, Promise.all([api.connection.list({ scope: "usable" }), api.member.me()]));
  const name = query.get("run");
  const capability = name === null ? null : await playground.capability(name).catch(isMissingHere);
  const open: OpenCapability | null = capability && {
    name: capability.name,
    title: capability.title,
    connection: capability.connection,
    fields: fieldsOf(capability.inputSchema),
    skeleton: skeletonOf(capability.inputSchema),
  };
  return {
    asked,
    connections: usable.map(({ id, name }) => ({ id, name })),
    admin: me.role !== "member",
    found: await search(asked, { request, context }),
    open,
    missing: name !== null && open === null,
    asJson: query.get("as") === "json",
  };
}

/** Runs one capability; only what was filled in wrongly never leaves. */
export async function action({ request, context }: ActionFunctionArgs) {
  const form = await request.formData();
  const name = text(form, "name");
  const answer: RunAnswer = { name, errors: {}, values: {}, run: null, failed: null };
  try {
    const { inputSchema } = await context.playground.capability(name);
    const fields = text(form, "as") === "json" ? null : fieldsOf(inputSchema);
    const filled = fields ? filledIn(fields, form) : filledInAsJson(form);
    const { errors, values } = filled;
    if (Object.keys(errors).length > 0) return data({ ...answer, errors, values }, 422);
    const run = await context.playground.run({ name, arguments: filled.arguments });
    const refused = atFields(fields ?? [], run.error?.issues ?? []);
    return data({ ...answer, values, errors: refused.errors, run: runView(run) });
  } catch (error) {
    return data({ ...answer, failed: formFailure(error, { request, requestId: context.requestId }) }, 422);
  }
}

/** This page's address with other parameters. */
function useAddress() {
  const { search } = useLocation();
  return (changes: Record<string, string | null>) => {
    const query = new URLSearchParams(search);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) query.delete(name);
      else query.set(name, value);
    }
    return `?${query.toString()}`;
  };
}

export default function Playground() {
  const { asked, connections, admin, found, open, missing, asJson } = useLoaderData<typeof loader>();
  const answered = useActionData<typeof action>() ?? null;
  const within = useReveal<HTMLDivElement>(answered);
  const address = useAddress();
  const panel = open && (
    <RunPanel
      key={`${open.name} ${asJson}`}
      capability={open}
      asJson={asJson}
      otherTo={address({ as: asJson ? null : "json" })}
      answer={answered?.name === open.name ? answered : null}
      admin={admin}
    />
  );
  const answer = found?.answer ?? null;
  const isAmongMatches = answer?.matches.some(({ match }) => match.name === open?.name) ?? false;
  return (
    <>
      <PageHeader title="Playground" about="Search as your agents do, see why each tool is found, and run it by hand." />
      <div ref={within} className="space-y-6">
        <PlaygroundForm asked={asked} connections={connections} error={found?.problem ?? null} />
        {missing && (
          <Notice tone="warn" title="You have no such tool">
            It does not exist, or nobody gave you access to it. Search for what you want to do.
          </Notice>
        )}
        {open && !isAmongMatches && (
          <Card className="p-4 sm:p-5">
            <h2 className="mb-4 text-base font-semibold wrap-anywhere">
              {open.title} <span className="font-normal text-muted">of {open.connection}</span>
            </h2>
            {panel}
          </Card>
        )}
        {!found && !open && <NothingSearched connections={connections} admin={admin} />}
        {answer && (
          <>
            <AgentAnswer answer={answer} />
            {answer.matches.length === 0 ? (
              <NothingFound answer={answer} />
            ) : (
              <section aria-labelledby="matches">
                <h2 id="matches" className="mb-3 flex items-baseline gap-2 text-base font-semibold tracking-tight">
                  Matches <span className="text-sm font-normal text-muted">{answer.matches.length}</span>
                </h2>
                <ol className="space-y-3">
                  {answer.matches.map(({ match, why }, at) => (
                    <MatchCard
                      key={match.name}
                      match={match}
                      place={at + 1}
                      why={why}
                      runTo={address({ run: match.name, as: null })}
                      closeTo={address({ run: null, as: null })}
                    >
                      {match.name === open?.name && panel}
                    </MatchCard>
                  ))}
                </ol>
              </section>
            )}
            <Unusable rows={answer.connections} />
          </>
        )}
      </div>
    </>
  );
}
