// Keeps a result within what an agent can take: up to 256 KB as it is, beyond that cut with a statement of what is missing.
import type { CallToolResult } from "@modelcontextprotocol/server";

/** What an agent gets inline, in bytes of JSON. */
export const maxResultBytes = 256 * 1024;

/** The result itself when it has at most `limit` bytes; otherwise its blocks in order until the limit, and a last block that says so. */
export function bounded(result: CallToolResult, limit = maxResultBytes): CallToolResult {
  const total = Buffer.byteLength(JSON.stringify(result));
  if (total <= limit) return result;
  const content: CallToolResult["content"] = [];
  let left = limit - 1_024;
  for (const block of contentOf(result)) {
    const size = Buffer.byteLength(JSON.stringify(block));
    if (size <= left) {
      content.push(block);
      left -= size;
    } else if (block.type === "text" && left > 256) {
      // Half of the room: JSON escapes can double a text. The cut may not leave half a character behind.
      content.push({
        type: "text",
        text: Buffer.from(block.text)
          .subarray(0, Math.floor(left / 2))
          .toString("utf8")
          .replace(/\uFFFD+$/u, ""),
      });
      left = 0;
    }
  }
  const text = `Cut by Gatehouse: the whole result is ${Math.ceil(total / 1024)} KB, above the limit of ${Math.floor(limit / 1024)} KB. Ask for less: a narrower query, fewer fields, a smaller page.`;
  return { ...(result.isError ? { isError: true } : {}), content: [...content, { type: "text", text }] };
}

/** The content blocks; a server may have left them out, whatever the protocol says. */
export function contentOf({ content }: CallToolResult): CallToolResult["content"] {
  return Array.isArray(content) ? content : [];
}
