// Turns whatever went wrong on the way to a third-party server into words: the phase, what was seen, who must act, what to do.
import { SdkHttpError } from "@modelcontextprotocol/client";

import { DomainError, type FailureActor, type FailurePhase, type UpstreamFailure } from "#server/errors.ts";

import { OutboundError } from "./error.ts";

const retry = "Try again in a moment; if it stays like this, check the URL and the provider's status page.";
const checkUrl = "Check that the URL is the MCP endpoint of the server; it often ends in /mcp.";
const mendCertificate = "Check the URL; the certificate has to be mended by whoever runs the server.";

function failure(phase: FailurePhase, seen: string, actor: FailureActor, advice: string): UpstreamFailure {
  return { phase, seen, actor, advice };
}

function ofGuard({ reason, message }: OutboundError, phase: FailurePhase): UpstreamFailure {
  switch (reason) {
    case "address_guard":
      return failure("address_guard", message, "operator", "The operator can allow private networks with ALLOW_PRIVATE_UPSTREAMS=1.");
    case "reserved_address":
      return failure("address_guard", message, "organization_admin", "Gatehouse never calls such an address. Check the URL.");
    case "scheme":
      return failure("url", message, "organization_admin", "Use the https address of the server.");
    case "redirect":
      return failure("http", message, "organization_admin", "Enter the address it redirects to, if you trust it.");
    case "too_large":
      return failure(phase, "The server's answer is larger than Gatehouse accepts.", "provider", checkUrl);
    case "no_room":
    case "not_started":
      return failure(phase, message, "operator", "Try again in a moment.");
    case "timeout":
      return failure(phase, message, "provider", "Try again later; if it stays like this, check the provider's status page.");
    case "protocol":
      return failure("http", message, "provider", checkUrl);
  }
}

const certificates: Record<string, string> = {
  CERT_HAS_EXPIRED: "The server's certificate has expired.",
  CERT_NOT_YET_VALID: "The server's certificate is not valid yet.",
  ERR_TLS_CERT_ALTNAME_INVALID: "The server's certificate is for another host name.",
  DEPTH_ZERO_SELF_SIGNED_CERT: "The server's certificate is self-signed, so nobody vouches for it.",
  SELF_SIGNED_CERT_IN_CHAIN: "The server's certificate comes from an authority that is not trusted here.",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "The server does not send the whole chain of its certificate.",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "The server's certificate comes from an authority that is not trusted here.",
};

/** Codes of a certificate that was not accepted: the connection came to nothing, and nothing was sent on it. */
export const certificateCode =
  /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|INVALID_CA|HOSTNAME_MISMATCH|INVALID_PURPOSE|ERR_TLS_CERT_ALTNAME_INVALID$)/;

/** By the error codes of Node's resolver, sockets, TLS and zlib, and of undici. */
function ofCode(code: string): UpstreamFailure | null {
  if (code === "ENOTFOUND" || code === "EAI_NODATA" || code === "EAI_NONAME") {
    return failure("dns", "The host name does not exist.", "organization_admin", "Check the spelling of the URL.");
  }
  if (code === "EAI_AGAIN" || code === "EAI_FAIL") {
    return failure(
      "dns",
      "The host name could not be looked up.",
      "operator",
      "Check the name servers of the machine Gatehouse runs on, or try again.",
    );
  }
  if (code === "ECONNREFUSED") return failure("tcp", "The server refused the connection.", "provider", retry);
  if (/^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL)$/.test(code))
    return failure("tcp", "The server could not be reached.", "provider", retry);
  if (/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/.test(code))
    return failure("tcp", "The server closed the connection before its answer was complete.", "provider", retry);
  const certificate = certificates[code];
  if (certificate !== undefined) return failure("tls", certificate, "provider", mendCertificate);
  if (certificateCode.test(code))
    return failure("tls", "The server's certificate is not valid for this address.", "provider", mendCertificate);
  if (/^(ERR_TLS|ERR_SSL|EPROTO)/.test(code)) {
    return failure(
      "tls",
      "No encrypted connection could be agreed on with the server.",
      "organization_admin",
      "Check the URL and the port: it has to speak https there.",
    );
  }
  if (code === "UND_ERR_HEADERS_OVERFLOW")
    return failure("http", "The headers of the server's answer are larger than Gatehouse accepts.", "provider", checkUrl);
  if (/^(HPE_|UND_ERR_|Z_|ERR__ERROR_|ERR_BROTLI)/.test(code)) {
    return failure("http", "What answered does not speak proper HTTP.", "organization_admin", "Check the URL and the port.");
  }
  return null;
}

/** An HTTP answer that was no use, by its status. */
function ofStatus(status: number, phase: FailurePhase): UpstreamFailure {
  if (status === 401)
    return failure(
      phase,
      "The server asks for a sign-in and did not accept what it got (401).",
      "organization_admin",
      "Check the API key and its header, or choose OAuth.",
    );
  if (status === 403)
    return failure(phase, "The server refused access (403).", "organization_admin", "Check what the key or account may do.");
  if (status === 429)
    return failure(phase, "The server says there were too many requests (429).", "provider", "Wait a little and try again.");
  if (status >= 500) return failure(phase, `The server failed (${status}).`, "provider", retry);
  return failure(phase, `The server answered ${status}.`, "organization_admin", checkUrl);
}

function ofLink(link: unknown, phase: FailurePhase): UpstreamFailure | null {
  if (link instanceof DomainError) return link.details.failure ?? null;
  if (link instanceof OutboundError) return ofGuard(link, phase);
  if (link instanceof SdkHttpError && link.status !== undefined) return ofStatus(link.status, phase);
  if (!(link instanceof Error)) return null;
  // undici's parser errors have a code only sometimes.
  const known =
    link.name === "HTTPParserError" ? ofCode("HPE_") : "code" in link && typeof link.code === "string" ? ofCode(link.code) : null;
  if (known) return known;
  if (link.name === "TimeoutError" || link.name === "AbortError")
    return failure(phase, "The server did not answer in time.", "provider", retry);
  if (link instanceof SyntaxError)
    return failure(phase, "The server answered with something else than JSON, such as a web page.", "organization_admin", checkUrl);
  return null;
}

/** The errors inside an error, outermost first; an AggregateError (all addresses of a name tried) counts with its first. */
export function* causesOf(error: unknown): Generator<unknown> {
  for (let current = error, depth = 0; current !== undefined && current !== null && depth < 8; depth += 1) {
    yield current;
    if (current instanceof AggregateError && current.errors.length > 0) current = current.errors[0];
    else current = current instanceof Error ? current.cause : undefined;
  }
}

/**
 * What to tell a person about `error`, met in `phase`: the network's own phase (dns, tcp, tls, http, address_guard, url) where the network failed,
 * `phase` where it carried an answer that was no use or none in time. Holds nothing that the server said, no address and no secret.
 */
export function diagnose(error: unknown, phase: FailurePhase): UpstreamFailure {
  for (const link of causesOf(error)) {
    const known = ofLink(link, phase);
    if (known) return known;
  }
  return failure(
    phase,
    "The server answered in a way that is not understood.",
    "organization_admin",
    "Check that the URL is the MCP endpoint of the server.",
  );
}
