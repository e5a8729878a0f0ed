// Turns whatever went wrong on the way to a third-party server into words: the phase, what was seen, who must act, what to do.
import { DomainError, type FailurePhase, type UpstreamFailure } from "#server/errors.ts";

import { OutboundError } from "./error.ts";

const operatorSwitch = "The operator can allow private networks with ALLOW_PRIVATE_UPSTREAMS=1.";

function failure(phase: FailurePhase, seen: string, actor: UpstreamFailure["actor"], advice: string): UpstreamFailure {
  return { phase, seen, actor, advice };
}

function ofGuard(error: OutboundError, phase: FailurePhase): UpstreamFailure {
  switch (error.reason) {
    case "address_guard":
      return failure("address_guard", error.message, "operator", operatorSwitch);
    case "scheme":
      return failure("url", error.message, "organization_admin", "Use the https address of the server.");
    case "redirect":
      return failure("http", error.message, "organization_admin", "Enter the address it redirects to, if you trust it.");
    case "too_large":
      return failure(phase, "The server's answer is larger than Gatehouse accepts.", "provider", "Ask the provider, or check that the URL is the MCP endpoint.");
    case "timeout":
      return failure(phase, error.message, "provider", "Try again later; if it stays like this, check the provider's status page.");
  }
}

const retry = "Try again in a moment; if it stays like this, check the URL and the provider's status page.";

/** By the error codes of Node's sockets, resolver and TLS, and of undici. */
function ofCode(code: string): UpstreamFailure | null {
  if (code === "ENOTFOUND" || code === "EAI_NODATA") return failure("dns", "The host name does not exist.", "organization_admin", "Check the spelling of the URL.");
  if (code === "EAI_AGAIN") return failure("dns", "The host name could not be looked up.", "operator", "Check the name servers of the machine Gatehouse runs on, or try again.");
  if (code === "ECONNREFUSED") return failure("tcp", "The server refused the connection.", "provider", retry);
  if (/^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|EHOSTUNREACH|ENETUNREACH)$/.test(code)) return failure("tcp", "The server could not be reached.", "provider", retry);
  if (/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/.test(code)) return failure("tcp", "The server closed the connection before it answered.", "provider", retry);
  if (/^(CERT_|ERR_TLS|ERR_SSL|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|EPROTO|HOSTNAME_MISMATCH)/.test(code)) {
    return failure("tls", "The server's certificate is not valid for this address.", "provider", "Check the URL; the certificate has to be mended by whoever runs the server.");
  }
  if (/^(HPE_|UND_ERR_HEADERS_OVERFLOW|UND_ERR_RESPONSE)/.test(code)) {
    return failure("http", "What answered does not speak proper HTTP.", "organization_admin", "Check the URL and the port.");
  }
  return null;
}

/** The errors inside an error, outermost first; an AggregateError (all addresses of a name tried) counts with its first. */
function* chain(error: unknown): Generator<unknown> {
  for (let current = error, depth = 0; current !== undefined && current !== null && depth < 8; depth += 1) {
    yield current;
    if (current instanceof AggregateError && current.errors.length > 0) current = current.errors[0];
    else current = current instanceof Error ? current.cause : undefined;
  }
}

/** What to tell a person about `error`, met in `phase`. Holds nothing that the server said, no address and no secret. */
export function diagnose(error: unknown, phase: FailurePhase): UpstreamFailure {
  for (const link of chain(error)) {
    if (link instanceof DomainError && link.details.failure) return link.details.failure;
    if (link instanceof OutboundError) return ofGuard(link, phase);
    const code = link instanceof Error && "code" in link && typeof link.code === "string" ? link.code : "";
    const known = ofCode(code);
    if (known) return known;
    if (link instanceof Error && (link.name === "TimeoutError" || link.name === "AbortError")) {
      return failure(phase, "The server did not answer in time.", "provider", retry);
    }
  }
  return failure(phase, "The server answered in a way that is not understood.", "organization_admin", "Check that the URL is the MCP endpoint of the server.");
}
