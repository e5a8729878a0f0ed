// A server that restarts with other tools: calls of the old one are told so, and the new one is found and runs without anybody's doing.
import type { Fault } from "./measure.ts";
import { pause } from "./load.ts";
import type { World } from "./world.ts";

interface Said {
  result?: { isError?: boolean; content?: { text?: string }[]; structuredContent?: { error?: string; matches?: { name: string }[] } };
}

async function ask({ product, token }: World, name: string, given: object): Promise<Said["result"]> {
  const response = await fetch(`${product.origin}/mcp/agent`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: given } }),
  });
  const said: Said = await response.json();
  return said.result;
}

async function findTool(world: World, tool: string, ms: number): Promise<boolean> {
  const { connectionId } = world.unruly;
  for (const end = Date.now() + ms; Date.now() < end; await pause(100)) {
    const found = await ask(world, "search_capabilities", { query: tool, connection: connectionId });
    if (found?.structuredContent?.matches?.some(({ name }) => name === `mcp:${connectionId}:${tool}`)) return true;
  }
  return false;
}

export const otherTools: Fault = {
  name: "a server restarts with other tools",
  how: "echo is gone, speak is there; nobody tells Gatehouse",
  provoke: async (world, ms) => {
    const { connectionId, index } = world.unruly;
    const began = Date.now();
    world.upstreams.behave("other tools");
    // It has to hear of it, and gets what the others leave of the processors.
    await pause(500);
    const call = (tool: string) => ask(world, "execute_capability", { name: `mcp:${connectionId}:${tool}`, arguments: { text: "hello" } });
    const old = await call("echo");
    const isFound = await findTool(world, "speak", 10_000);
    const fresh = await call("speak");
    await pause(ms - (Date.now() - began));
    world.upstreams.behave("fine");
    // The way back: the first call is told the same of the tool that went.
    await call("speak");
    await findTool(world, "echo", 10_000);
    return [
      { what: "the old tool's callers are told unknown_capability", ok: old?.structuredContent?.error === "unknown_capability" },
      { what: "the new tool is found by search", ok: isFound },
      { what: "the new tool is called", ok: fresh?.content?.[0]?.text === `${index}:hello` },
    ];
  },
};
