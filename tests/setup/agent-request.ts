// A web Request as the agents' door reads one. The bound on its body is the door's own (server/http/agent-route.ts), said again: what holds there is shown over HTTP.
import type { AgentRequest } from "#server/agent/agent-request.ts";

const maxBodyBytes = 1_048_576;

export function agentRequestOf(request: Request): AgentRequest {
  const { method, url, headers } = request;
  const read = async () => {
    const body = Buffer.from(await request.arrayBuffer());
    return body.length > maxBodyBytes ? null : body.toString("utf8");
  };
  return { method, url, headers, read };
}
