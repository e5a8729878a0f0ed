// What a failed exchange says about the server: whether it is down, and whether the call can have been executed.
import { SdkError, SdkErrorCode, SdkHttpError, SseError } from "@modelcontextprotocol/client";

import { OutboundError } from "#server/outbound/error.ts";
import { causesOf, certificateCode, diagnose } from "#server/outbound/failure.ts";

import { UpstreamCallError } from "./call-error.ts";

const codesOf = (error: unknown) =>
  [...causesOf(error)].flatMap((link) => (link instanceof Error && "code" in link ? String(link.code) : []));

/** Whether the server closed the connection before its answer was complete; often one that was kept, in the very moment it was used again. */
export function wasReset(error: unknown): boolean {
  return codesOf(error).some((code) => /^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/.test(code));
}

/** Whether no connection came about, so that nothing was sent, and a moment later one may. */
function neverSent(error: unknown): boolean {
  return codesOf(error).some((code) => /^(ECONNREFUSED|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/.test(code));
}

/** What only a handshake can fail with. Other errors of TLS, such as an alert, come in the middle of a connection as well. */
const noHandshake = /^ERR_SSL_(WRONG_VERSION_NUMBER|UNSUPPORTED_PROTOCOL|\w*HANDSHAKE_FAILURE|\w*PROTOCOL_VERSION|\w*UNRECOGNIZED_NAME)$/;

/** Whether a call that failed on its way may have been executed: not where no connection came about, or the guard let none. */
export function mayHaveArrived(error: unknown): boolean {
  const noConnection = [/^(ENOTFOUND|EAI_\w+|UND_ERR_CONNECT_TIMEOUT|EADDRNOTAVAIL)$/, certificateCode, noHandshake];
  if (neverSent(error) || codesOf(error).some((code) => noConnection.some((known) => known.test(code)))) return false;
  return ![...causesOf(error)].some(
    (link) => link instanceof OutboundError && ["address_guard", "reserved_address", "scheme"].includes(link.reason),
  );
}

/**
 * Whether a failed call may be made once more: it cannot have been executed, or its tool does no harm when it is. An UpstreamCallError is what a
 * server answered, or what became of an answer that had begun: it is final.
 */
export function mayRepeat(error: unknown, isRepeatable: boolean): boolean {
  if ([...causesOf(error)].some((link) => link instanceof UpstreamCallError)) return false;
  return neverSent(error) || (isRepeatable && wasReset(error));
}

/** Whether the server itself failed: the network, a timeout, a 5xx. Never what it refused, and never the guard's own refusals. */
export function isServerFault(error: unknown): boolean {
  for (const link of causesOf(error)) {
    if (link instanceof UpstreamCallError) return link.isServerFault;
    if (link instanceof OutboundError) return link.reason === "timeout";
    if (link instanceof SdkHttpError) return (link.status ?? 0) >= 500;
    if (link instanceof SseError) return (link.code ?? 0) >= 500;
    if (link instanceof SdkError && link.code === SdkErrorCode.RequestTimeout) return true;
    if (link instanceof Error && link.name === "TimeoutError") return true;
  }
  return ["dns", "tcp", "tls"].includes(diagnose(error, "http").phase);
}
