// What came of a run: text, pictures and structured content, or what went wrong and who can do what about it; and the exchange as it was.
import { Link } from "@remix-run/react";

import { paths } from "#app/paths.ts";

import { Disclosure } from "./disclosure.tsx";
import type { Block, RunView } from "./run-view.ts";
import { CodeBlock } from "./ui/copy.tsx";
import { Notice } from "./ui/notice.tsx";
import { ScrollRegion } from "./ui/scroll-region.tsx";

const errorTitles: Record<NonNullable<RunView["error"]>["error"], string> = {
  unknown_capability: "There is no such tool for you",
  forbidden: "You may not do this",
  insufficient_mcp_scope: "This is not allowed here",
  needs_connection: "You have to connect your account first",
  connection_not_connected: "The shared account is not connected",
  reconnect_required: "The account has to be connected again",
  connection_failed: "The server could not be reached",
  capability_timeout: "The server took too long",
  rate_limited: "Too many requests",
  invalid_capability_arguments: "The server did not take these arguments",
  policy_blocked: "An admin switched this off",
  result_too_large: "The result is too large",
  provider_error: "The server answered with an error",
};

function BlockView({ block }: { block: Block }) {
  switch (block.kind) {
    case "text":
      return (
        <ScrollRegion label="Text of the result" className="max-h-96 rounded-lg border border-line bg-sunken">
          <pre className="p-3 font-mono text-xs leading-5 wrap-anywhere whitespace-pre-wrap">{block.text || "(an empty text)"}</pre>
        </ScrollRegion>
      );
    case "image":
      return (
        <figure>
          <img src={block.source} alt="Returned by the tool" className="max-h-96 max-w-full rounded-lg border border-line bg-sunken" />
          <figcaption className="mt-1 text-xs text-muted">{block.about}</figcaption>
        </figure>
      );
    case "link":
      return (
        <p className="wrap-anywhere">
          <span className="font-medium">{block.name}</span> <code className="font-mono text-xs text-muted">{block.uri}</code>
          {block.description && <span className="block text-muted">{block.description}</span>}
        </p>
      );
    case "other":
      return <p className="wrap-anywhere text-muted">{block.about}</p>;
  }
}

function Problem({ error }: { error: NonNullable<RunView["error"]> }) {
  const action = error.connection?.action;
  return (
    <Notice tone="bad" title={errorTitles[error.error]} answer>
      <p>{error.message}</p>
      {error.issues && error.issues.length > 0 && (
        <ul className="mt-1 list-disc pl-5">
          {error.issues.map(({ path, message }) => (
            <li key={`${path} ${message}`}>
              <code className="font-mono text-xs">{path || "arguments"}</code> {message}
            </li>
          ))}
        </ul>
      )}
      {action && (
        <p className="mt-1">
          <a className="font-medium underline" href={action.url}>
            {action.label}
          </a>
        </p>
      )}
      <p className="mt-1 text-xs">
        {error.retryable ? "Trying again may help. " : ""}
        {error.retryAfterSeconds === undefined ? "" : `Wait ${error.retryAfterSeconds} s first. `}
        Reference: {error.requestId}
      </p>
    </Notice>
  );
}

export function RunResult({ run, admin }: { run: RunView; admin: boolean }) {
  return (
    <div className="space-y-4">
      {run.error ? (
        <Problem error={run.error} />
      ) : (
        <Notice tone={run.ok ? "good" : "bad"} title={run.ok ? "It ran" : "The tool itself reports an error"} answer>
          <p>
            Answered in {run.ms.toLocaleString("en")} ms, as you.{" "}
            {admin ? (
              <Link className="underline" to={`${paths.admin.audit}?action=capability.executed`}>
                See it in the audit trail
              </Link>
            ) : (
              "It is in the audit trail."
            )}
          </p>
        </Notice>
      )}
      {!run.error && run.blocks.length === 0 && run.structured === null && <p className="text-muted">The answer is empty.</p>}
      {!run.error && run.blocks.map((block, at) => <BlockView key={at} block={block} />)}
      {!run.error && run.structured !== null && (
        <div>
          <h4 className="mb-1.5 font-medium">Structured content</h4>
          <CodeBlock code={run.structured} what="Structured content" />
        </div>
      )}
      <Disclosure label="Raw exchange">
        <p className="mb-2 text-muted">The call as an agent sends it, and the answer it gets. Secrets are masked, long values cut.</p>
        <div className="space-y-3">
          <CodeBlock code={run.exchange.request} what="Request" />
          <CodeBlock code={run.exchange.response} what="Answer" />
        </div>
      </Disclosure>
    </div>
  );
}
