// The result of a run as the page shows it: only what can be shown safely, everything as text.
import type { Run } from "#server/agent/playground.ts";

export type Block =
  | { kind: "text"; text: string }
  | { kind: "image"; source: string; about: string }
  | { kind: "link"; name: string; uri: string; description: string }
  | { kind: "other"; about: string };

export interface RunView {
  ok: boolean;
  ms: number;
  blocks: Block[];
  /** The structured content as readable JSON. */
  structured: string | null;
  error: Run["error"];
  exchange: Run["exchange"];
}

/** Pictures that a browser shows without running anything in them. */
const pictures = ["image/png", "image/jpeg", "image/gif", "image/webp"];
const maxText = 100_000;
const size = (base64: string) => `${Math.ceil((base64.length * 3) / 4 / 1024).toLocaleString("en")} KB`;

const bounded = (text: string) => (text.length > maxText ? `${text.slice(0, maxText)}\n\n... cut here for the page.` : text);

function blockOf(block: Run["result"]["content"][number]): Block {
  switch (block.type) {
    case "text":
      return { kind: "text", text: bounded(block.text) };
    case "image": {
      const about = `${block.mimeType}, ${size(block.data)}`;
      const isShown = pictures.includes(block.mimeType) && /^[A-Za-z0-9+/=\s]*$/.test(block.data);
      return isShown
        ? { kind: "image", source: `data:${block.mimeType};base64,${block.data}`, about }
        : { kind: "other", about: `An image: ${about}` };
    }
    case "audio":
      return { kind: "other", about: `A sound: ${block.mimeType}, ${size(block.data)}` };
    case "resource_link":
      return { kind: "link", name: block.title ?? block.name, uri: block.uri, description: block.description ?? "" };
    case "resource":
      return "text" in block.resource
        ? { kind: "text", text: bounded(block.resource.text) }
        : {
            kind: "other",
            about: `A file: ${block.resource.uri}, ${block.resource.mimeType ?? "unknown kind"}, ${size(block.resource.blob)}`,
          };
    default:
      return { kind: "other", about: "Something of a kind that Gatehouse does not know. It is in the raw exchange." };
  }
}

/** Whether a text only says the structured content again, as the protocol asks servers to. */
function isAgain(block: Run["result"]["content"][number], structured: unknown): boolean {
  if (structured === undefined || block.type !== "text") return false;
  try {
    return JSON.stringify(JSON.parse(block.text)) === JSON.stringify(structured);
  } catch {
    return false;
  }
}

/** What the page needs of a run. */
export function runView({ result, error, ms, exchange }: Run): RunView {
  const { structuredContent, content } = result;
  const structured = structuredContent === undefined ? null : bounded(JSON.stringify(structuredContent, null, 2));
  const blocks = (Array.isArray(content) ? content : []).filter((block) => !isAgain(block, structuredContent)).map(blockOf);
  return { ok: !result.isError, ms, blocks, structured, error, exchange };
}
