// What went wrong with a third-party server: what was seen, where on the way, who can mend it, and a reference for the log.
import type { UpstreamFailure } from "#server/errors.ts";

import type { Failed } from "./failed.ts";
import { actorWords, failureReport, phaseWords } from "./failure-report.ts";
import { CopyButton } from "./ui/copy.tsx";
import { Notice } from "./ui/notice.tsx";

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
  /** The address it was about, for the report. */
  subject?: string;
  answer?: boolean;
}

export function FailurePanel({ failure, reference, title = "The server could not be connected", subject, answer }: FailurePanelProps) {
  return (
    <Notice tone="bad" title={title} answer={answer}>
      <p className="mt-1">{failure.seen}</p>
      <p className="mt-1">{failure.advice}</p>
      <dl className="mt-3 grid gap-x-6 gap-y-2 border-t border-current/15 pt-3 text-xs sm:grid-cols-3">
        <Fact name="While">{phaseWords[failure.phase]}</Fact>
        <Fact name="Who can mend it">{actorWords[failure.actor]}</Fact>
        {reference && <Fact name="Reference">{reference}</Fact>}
      </dl>
      <div className="mt-3">
        <CopyButton text={failureReport(failure, { title, reference, subject })} what="report" labelled />
      </div>
    </Notice>
  );
}

/** What a form was refused for: the panel for a server that failed, else the message. */
export function FormNotice({ failed, title }: { failed: Failed | null | undefined; title?: string }) {
  if (!failed) return null;
  if (failed.failure) return <FailurePanel failure={failed.failure} reference={failed.reference} title={title} answer />;
  return <Notice tone="bad" title={failed.message} answer />;
}
