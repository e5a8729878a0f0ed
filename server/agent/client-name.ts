// What an agent calls itself: people recognize "claude-code 2.1" better than the name of an HTTP library.
import { z } from "zod";

import { isStorable } from "#server/storable.ts";

const clientInfo = z.object({ name: z.string().min(1), version: z.string().catch("") });
const introduction = z.object({
  params: z.union([
    z.object({ clientInfo }),
    z.object({ _meta: z.object({ "io.modelcontextprotocol/clientInfo": clientInfo }) }).transform(({ _meta }) => ({
      clientInfo: _meta["io.modelcontextprotocol/clientInfo"],
    })),
  ]),
});

/** What the agent calls itself, in `initialize` or with every request as of 2026-07-28; null when it does not say, or not in text that can be kept. */
export function clientName(message: unknown): string | null {
  const { data } = introduction.safeParse(message);
  return data && isStorable(data) ? `${data.params.clientInfo.name} ${data.params.clientInfo.version}`.trim() : null;
}
