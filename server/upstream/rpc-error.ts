// JSON-RPC errors of third-party servers: bounded, without the key that was sent, and by their code.
import { boundedText, UpstreamCallError } from "./call-error.ts";
import { isDeeper, maxDepth } from "./depth.ts";

/** A JSON-RPC error as a server sent it; what could be of any length is bounded. */
export interface RpcError {
  code: number;
  message: string;
  data?: unknown;
}

const maxErrorData = 8_192;

/** The data of an error as JSON; null where there is none, or more than 8 KB of it. */
function dataText(data: unknown): string | null {
  if (data === undefined || isDeeper(data, maxDepth)) return null;
  const text = JSON.stringify(data);
  return text.length <= maxErrorData ? text : null;
}

/** The error with its message short and clean, and without data of more than 8 KB. */
export function boundedError({ code, message, data }: RpcError): RpcError {
  return { code, message: boundedText(message), ...(dataText(data) === null ? {} : { data }) };
}

/** The error as the SDK read it, without the credential that its words or its data may repeat. Words are cut after that: half a key is one too. */
export function redactedError({ code, message, data }: RpcError, redacted: (text: string) => string): RpcError {
  const text = dataText(data);
  const clean: unknown = text === null ? undefined : JSON.parse(redacted(text));
  return boundedError({ code, message: redacted(message), data: clean });
}

/** A JSON-RPC error by its code. MCP names an unknown tool -32602 "Unknown tool", some servers -32601. */
export function ofRpcError(upstream: RpcError, cause?: unknown): UpstreamCallError {
  const unknown = /\b(unknown tool|tool (\S+ )?not found|no such tool)\b/i.test(upstream.message);
  if (unknown || upstream.code === -32_601) return new UpstreamCallError("unknown_tool", upstream.message, { upstream, cause });
  if (upstream.code === -32_602) return new UpstreamCallError("invalid_params", upstream.message, { upstream, cause });
  return new UpstreamCallError("protocol_error", upstream.message, { upstream, cause });
}
