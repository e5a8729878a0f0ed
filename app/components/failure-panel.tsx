// What went wrong with a third-party server: what was seen, where on the way, who can mend it, and a reference for the log.
import type { FailureActor, FailurePhase, UpstreamFailure } from "#server/errors.ts";

import type { Failed } from "./failed.ts";
import { Notice } from "./ui/notice.tsx";

const phases: Record<FailurePhase, string> = {
  url: "Reading the URL",
  dns: "Looking up the host name",
  address_guard: "Checking the address",
  tcp: "Opening the connection",
  tls: "Encrypting the connection",
  http: "Reading the first answer",
  discovery: "Finding out how to sign in",
  registration: "Registering Gatehouse",
  authorization: "Asking for access",
  callback: "Coming back from the provider",
  token: "Getting the tokens",
  initialize: "Starting the MCP session",
  list: "Listing the tools",
};

const actors: Record<FailureActor, string> = {
  member: "You",
  organization_admin: "An admin of your organization",
  provider: "The provider of the server",
  operator: "Whoever runs this Gatehouse",
};

function Fact({ name, children }: { name: string; children: string }) {
  return (
    <div>
      <dt className="opacity-80">{name}</dt>
      <dd className="font-medium break-all">{children}</dd>
    </div>
  );
}

interface FailurePanelProps {
  failure: UpstreamFailure;
  reference?: string;
  title?: string;
  answer?: boolean;
}

export function FailurePanel({ failure, reference, title = "The server could not be connected", answer }: FailurePanelProps) {
  return (
    <Notice tone="bad" title={title} answer={answer}>
      <p className="mt-1">{failure.seen}</p>
      <p className="mt-1">{failure.advice}</p>
      <dl className="mt-3 grid gap-x-6 gap-y-2 border-t border-current/15 pt-3 text-xs sm:grid-cols-3">
        <Fact name="While">{phases[failure.phase]}</Fact>
        <Fact name="Who can mend it">{actors[failure.actor]}</Fact>
        {reference && <Fact name="Reference">{reference}</Fact>}
      </dl>
    </Notice>
  );
}

/** What a form was refused for: the panel for a server that failed, else the message. */
export function FormNotice({ failed, title }: { failed: Failed | null | undefined; title?: string }) {
  if (!failed) return null;
  if (failed.failure) return <FailurePanel failure={failed.failure} reference={failed.reference} title={title} answer />;
  return <Notice tone="bad" title={failed.message} answer />;
}
