// What went wrong with a form: our words, and for a third-party server the phase, who can mend it, and a reference for the log.
import type { Problem } from "#app/api-error.ts";
import type { UpstreamFailure } from "#server/errors.ts";

import { Notice } from "./ui/surface.tsx";

const phases: Record<UpstreamFailure["phase"], string> = {
  url: "the URL",
  dns: "looking up the host name",
  address_guard: "checking the address",
  tcp: "connecting",
  tls: "the encrypted connection",
  http: "the first answer",
  discovery: "finding out how to sign in",
  registration: "registering Gatehouse",
  authorization: "asking for access",
  callback: "coming back from the provider",
  token: "getting tokens",
  initialize: "starting the MCP session",
  list: "listing the tools",
};

const actors: Record<UpstreamFailure["actor"], string> = {
  member: "You can mend this",
  organization_admin: "An admin of your organization can mend this",
  provider: "The provider has to mend this",
  operator: "Whoever runs this Gatehouse can mend this",
};

export function FailurePanel({ failure, requestId }: { failure: UpstreamFailure; requestId?: string }) {
  return (
    <Notice tone="bad" title={failure.seen} role="alert">
      <p className="mt-1">{failure.advice}</p>
      <dl className="mt-3 flex flex-wrap gap-x-6 gap-y-1 text-xs">
        <Fact name="Happened at">{phases[failure.phase]}</Fact>
        <Fact name="Who acts">{actors[failure.actor]}</Fact>
        {requestId && <Fact name="Reference">{requestId}</Fact>}
      </dl>
    </Notice>
  );
}

function Fact({ name, children }: { name: string; children: string }) {
  return (
    <div className="flex flex-wrap gap-1.5">
      <dt className="font-semibold">{name}</dt>
      <dd className="break-all">{children}</dd>
    </div>
  );
}

export function ProblemPanel({ problem }: { problem: Problem | null | undefined }) {
  if (!problem) return null;
  if (problem.failure) return <FailurePanel failure={problem.failure} requestId={problem.requestId} />;
  return <Notice tone="bad" title={problem.message} role="alert" />;
}
