// A failed connect as plain text, for a ticket or a message to whoever has to act. Only what the page shows; the server that makes a
// failure keeps secrets out of it.
import type { FailureActor, FailurePhase, UpstreamFailure } from "#server/errors.ts";

export const phaseWords: Record<FailurePhase, string> = {
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

export const actorWords: Record<FailureActor, string> = {
  member: "You",
  organization_admin: "An admin of your organization",
  provider: "The provider of the server",
  operator: "Whoever runs this Gatehouse",
};

export interface ReportOptions {
  title: string;
  reference?: string;
  /** The address it was about. Only its host and path are said: a query is where people put keys. */
  subject?: string;
}

function address(url: string): string | null {
  if (!URL.canParse(url)) return null;
  const { protocol, origin, pathname } = new URL(url);
  return /^https?:$/.test(protocol) ? origin + pathname : null;
}

/** The report, one fact a line. */
export function failureReport({ phase, seen, actor, advice }: UpstreamFailure, { title, reference, subject }: ReportOptions): string {
  const where = subject === undefined ? null : address(subject);
  const facts: [string, string | null | undefined][] = [
    ["Address", where],
    ["Phase", `${phaseWords[phase]} (${phase})`],
    ["Seen", seen],
    ["Who can mend it", actor === "member" ? "The person who connects" : actorWords[actor]],
    ["What to do", advice],
    ["Reference", reference],
  ];
  return [`Gatehouse: ${title}`, ...facts.flatMap(([name, value]) => (value ? [`${name}: ${value}`] : []))].join("\n");
}
