// Health of a connection: what ends soon, and how the server was reached lately.
import { Link } from "@remix-run/react";
import { CircleCheck, CircleX } from "lucide-react";

import { paths } from "#app/paths.ts";
import type { ConnectionDetail, ConnectionSummary } from "#server/connections/view.ts";

import { phaseWords } from "./failure-report.ts";
import { FailurePanel } from "./failure-panel.tsx";
import { Badge } from "./ui/badge.tsx";
import { Section } from "./ui/card.tsx";
import { Notice } from "./ui/notice.tsx";
import { Time } from "./ui/time.tsx";

const isOver = (at: Date) => at <= new Date();

/** In lists: that somebody has to sign in again soon. */
export function EndingBadge({ endsAt }: Pick<ConnectionSummary, "endsAt">) {
  return endsAt && <Badge tone="warn">{isOver(endsAt) ? "Sign-in ended" : "Sign-in ends soon"}</Badge>;
}

/** The warning before an account stops working. The button to reconnect stands below it, wherever it is shown. */
export function EndingNotice({ endsAt }: Pick<ConnectionSummary, "endsAt">) {
  if (!endsAt) return null;
  return (
    <Notice tone="warn" title={isOver(endsAt) ? "The sign-in has ended" : "The sign-in ends soon"}>
      <p>
        {isOver(endsAt) ? "It ended" : "It ends"} <Time at={endsAt} /> and the provider gave no means to renew it. Reconnect to go on.
      </p>
    </Notice>
  );
}

/** The same for the secret of an OAuth app. */
export function SecretNotice({ oauthClient }: Pick<ConnectionDetail, "oauthClient">) {
  const endsAt = oauthClient?.secretEndsAt;
  if (!endsAt) return null;
  const own = oauthClient.source === "preregistered";
  return (
    <Notice tone="warn" title={isOver(endsAt) ? "The client secret has ended" : "The client secret ends soon"}>
      <p>
        {isOver(endsAt) ? "It ended" : "It ends"} <Time at={endsAt} />; after that no sign-in can be renewed.{" "}
        {own ? "Make a new one at the provider and enter it in the settings below." : "Reconnect, and Gatehouse registers anew."}
      </p>
    </Notice>
  );
}

/** In lists: why calls do not go out, and until when. */
export function PauseWords({ pause }: Pick<ConnectionSummary, "pause">) {
  if (!pause) return null;
  const why = pause.why === "failing" ? "The server failed several calls in a row" : "The server said there were too many requests";
  return (
    <span className="block">
      {why}; the next call goes out <Time at={pause.until} />.
    </span>
  );
}

/** While calls do not go out: the server failed again and again, or asked to be left alone. */
export function PauseNotice({ pause, credentialMode }: Pick<ConnectionDetail, "pause" | "credentialMode">) {
  if (!pause) return null;
  const isOfSome = credentialMode === "per_member";
  return (
    <Notice tone="warn" title={isOfSome ? "Calls with at least one account pause" : "Calls pause"}>
      <p>
        {pause.why === "failing"
          ? "The server failed several calls in a row, so Gatehouse leaves it alone for a moment and then tries one."
          : "The server said there were too many requests and how long to wait."}{" "}
        Agents are told so at once. The next call goes out <Time at={pause.until} />.
        {isOfSome && " See below, under Accounts, whose it is."}
      </p>
    </Notice>
  );
}

function Reached({ contact: { at, failure } }: { contact: ConnectionDetail["contacts"][number] }) {
  const Icon = failure ? CircleX : CircleCheck;
  return (
    <li className="flex items-start gap-2.5 py-2">
      <Icon aria-hidden className={failure ? "mt-0.5 size-4 shrink-0 text-danger" : "mt-0.5 size-4 shrink-0 text-accent"} />
      <div className="min-w-0 flex-1 wrap-anywhere">
        <p className="flex flex-wrap justify-between gap-x-4">
          <span className={failure ? "font-medium" : undefined}>{failure ? failure.seen : "Answered with its tools"}</span>
          <span className="text-xs text-muted">
            <Time at={at} />
          </span>
        </p>
        {failure && (
          <p className="text-xs text-muted">
            While: {phaseWords[failure.phase]}
            {failure.reference && ` · Reference: ${failure.reference}`}
          </p>
        )}
      </div>
    </li>
  );
}

/** On the admin's page. Nothing to say before the first contact. */
export function ConnectionHealth({ connection }: { connection: ConnectionDetail }) {
  const { contacts, failure, url, lastSuccessAt, credentialMode } = connection;
  if (contacts.length === 0) return null;
  const bad = contacts.filter((contact) => contact.failure !== null).length;
  return (
    <Section
      id="health"
      title="Health"
      about={
        <>
          {lastSuccessAt ? (
            <>
              Last answered <Time at={lastSuccessAt} />
            </>
          ) : (
            "It has not answered yet"
          )}
          {credentialMode === "per_member" && ", asked with your own account"}.
        </>
      }
    >
      <div className="space-y-4">
        {failure && (
          <FailurePanel
            failure={failure}
            reference={failure.reference ?? undefined}
            subject={url}
            title="The last contact with the server failed"
          />
        )}
        <details open={bad > 0}>
          <summary className="cursor-pointer font-medium">
            The last {contacts.length === 1 ? "contact" : `${contacts.length} contacts`}
            <span className="font-normal text-muted">{bad === 0 ? ", none failed" : `, ${bad} failed`}</span>
          </summary>
          <ul className="mt-1 divide-y divide-line">
            {contacts.map((contact) => (
              <Reached key={contact.at.getTime()} contact={contact} />
            ))}
          </ul>
        </details>
        <p className="text-muted">
          Contacts read the list of tools. Calls of agents are in the{" "}
          <Link to={paths.admin.audit} className="font-medium text-accent-ink underline">
            audit trail
          </Link>
          .
        </p>
      </div>
    </Section>
  );
}
