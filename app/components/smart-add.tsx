// Smart add: one field for a name, host or URL, and the report of what was found there, before anything is created.
import { Form, Link, useNavigation } from "@remix-run/react";
import { Radar } from "lucide-react";

import { paths } from "#app/paths.ts";
import type { FoundServer, Preflight } from "#server/connections/preflight.ts";

import { authWords, countTools } from "./connection-badges.tsx";
import type { Failed } from "./failed.ts";
import { FailurePanel, FormNotice } from "./failure-panel.tsx";
import { Button } from "./ui/button.tsx";
import { Card, Section } from "./ui/card.tsx";
import { Field } from "./ui/field.tsx";
import { Notice } from "./ui/notice.tsx";

/** The field; it works as a plain form too. */
export function SmartAdd({ typed, failed }: { typed: string; failed: Failed | null }) {
  const busy = useNavigation().formData?.get("intent") === "preflight";
  const errors = failed?.fields.text;
  return (
    <Card className="max-w-2xl p-4 sm:p-5">
      {failed && !errors && <FormNotice failed={failed} title="Nothing was looked up" />}
      <Form method="post" noValidate className="flex flex-wrap items-start gap-x-2 gap-y-3">
        <input type="hidden" name="intent" value="preflight" />
        <Field
          id="smart-add"
          name="text"
          label="What do you want to connect?"
          placeholder="notion, mcp.notion.com or https://..."
          hint="A name, a host or a URL. Gatehouse only looks; nothing is created."
          defaultValue={typed}
          errors={errors}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={2_048}
          required
          className="min-w-56 flex-1"
        />
        <Button type="submit" kind="primary" busy={busy} className="sm:mt-7">
          {!busy && <Radar aria-hidden className="size-4" />}
          Look it up
        </Button>
      </Form>
      <p role="status" className="mt-2 text-muted empty:mt-0">
        {busy && "Trying the likely addresses. This can take a few seconds."}
      </p>
    </Card>
  );
}

const registrations = {
  cimd: "Automatic (client metadata document)",
  dcr: "Automatic (dynamic registration)",
  none: "Needs an OAuth app of your own",
} as const;
const refreshes = {
  expected: "Offered by the provider",
  unlikely: "No: somebody has to sign in again when it ends",
  unknown: "The provider does not say",
} as const;
const transports = {
  modern: "Streamable HTTP",
  legacy: "Streamable HTTP with sessions (older)",
  sse: "HTTP+SSE (oldest)",
} as const;

function factsOf({ url, auth, server, signIn }: FoundServer): [string, string][] {
  const later = "Known after the sign-in";
  return [
    ["Address", url],
    ["How it knows who calls", authWords[auth]],
    ...(server?.name ? [["Calls itself", [server.name, server.version].filter(Boolean).join(" ")] satisfies [string, string]] : []),
    ["Transport", server ? transports[server.transport] : later],
    ["Protocol version", server?.protocolVersion ?? later],
    ["Tools", server ? countTools(server.tools) : later],
    ...(signIn
      ? ([
          ["Signs in at", signIn.issuer],
          ["Registration", registrations[signIn.registration]],
          ["Asks for", signIn.scopes.join(", ") || "What the provider decides"],
          ["Renews itself", refreshes[signIn.refresh]],
        ] satisfies [string, string][])
      : []),
  ];
}

/** Addresses that failed alike, together. */
function byReason(others: Preflight["others"]): [string, string[]][] {
  const groups = new Map<string, string[]>();
  for (const { url, failure } of others) {
    const reason = `${failure.seen} ${failure.advice}`;
    groups.set(reason, [...(groups.get(reason) ?? []), url]);
  }
  return [...groups];
}

/** What was found and what was not. `reference` is in the log. */
export function PreflightReport({ report: { found, others }, reference }: { report: Preflight; reference: string }) {
  return (
    <div data-answer tabIndex={-1} className="max-w-2xl scroll-m-20 space-y-4">
      {found && (
        <Section id="found" title={`Found ${found.name}`} about="Nothing was created yet. Check it, then add it below.">
          <dl className="grid gap-x-6 gap-y-3 sm:grid-cols-2">
            {factsOf(found).map(([name, value]) => (
              <div key={name} className="min-w-0">
                <dt className="text-xs text-muted">{name}</dt>
                <dd className="font-medium wrap-anywhere">{value}</dd>
              </div>
            ))}
          </dl>
          {found.problem && found.auth === "oauth" && (
            <div className="mt-4">
              <FailurePanel failure={found.problem} reference={reference} title="Signing in there will not work yet" />
            </div>
          )}
          {found.problem && found.auth === "api_key" && (
            <Notice tone="info" className="mt-4">
              The server wants to know who calls and does not say how people sign in, so it most likely takes an API key.
            </Notice>
          )}
        </Section>
      )}
      {!found && others.length === 1 && others[0] && (
        <FailurePanel
          failure={others[0].failure}
          reference={reference}
          subject={others[0].url}
          title="No MCP server was found there"
          answer
        />
      )}
      {!found && others.length !== 1 && (
        <Notice tone="warn" title="No MCP server was found" answer>
          None of the likely addresses answered as one. Find the URL in the provider&apos;s documentation, or{" "}
          <Link to={`${paths.admin.newConnection}?preset=custom`} className="font-medium underline">
            enter everything by hand
          </Link>
          .
        </Notice>
      )}
      {(found ? others.length > 0 : others.length > 1) && (
        <details open={!found} className="rounded-xl border border-line bg-surface px-4 py-3 shadow-card sm:px-5">
          <summary className="cursor-pointer font-medium">
            {others.length === 1
              ? "1 address before it is none"
              : `${others.length} addresses ${found ? "before it are none" : "were tried"}`}
          </summary>
          <ul className="mt-3 space-y-3">
            {byReason(others).map(([reason, urls]) => (
              <li key={reason}>
                {urls.map((url) => (
                  <p key={url} className="font-mono text-xs wrap-anywhere">
                    {url}
                  </p>
                ))}
                <p className="mt-0.5 text-muted">{reason}</p>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
