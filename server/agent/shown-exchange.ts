// A call and its answer as they go over the wire, for people to read: secrets masked, long binaries cut.
import type { CallToolResult } from "@modelcontextprotocol/server";

import type { Actor } from "#server/auth/actor.ts";
import { links } from "#server/origin.ts";

export interface Exchange {
  request: string;
  response: string;
}

const mask = "••••••••";
/** Names under which secrets are kept. */
const secretName = /pass(word|wd|phrase)|secret|token|api[-_]?key|private[-_]?key|authorization|credential|cookie/i;
/**
 * Secrets by how they look: bearer headers, our own tokens, JWTs, keys of well-known providers, and passwords within addresses. The text is whatever
 * a server sends, so each pattern looks at a character a bounded number of times: the first part of a JWT ends where another one could begin.
 */
const secretLooks =
  /(?<=\bBearer\s{1,4})[\w.~+/=-]{8,}|\bgth_[\w-]{20,}|\beyJ(?:\w|-(?!eyJ)){10,}\.[\w-]{10,}\.[\w-]*|\b(?:sk|rk|pk|ghp|gho|ghs|xox[abp]|glpat|AKIA)[-_]?[\w-]{16,}|(?<=:\/\/[^\s/:@]{0,100}:)[^\s/@]{1,200}(?=@)/g;
/** Characters of one text. */
const maxText = 4_000;
/** Characters behind the cut that are looked at, so that a secret across it is recognized: more than any token has. */
const maxSecret = 16_384;
const maxDepth = 40;

/** Tools pack JSON into their texts: its names count, too. */
function shownText(text: string, depth: number): string {
  if (/^\s*[[{]/.test(text) && depth < maxDepth) {
    try {
      const inner: unknown = JSON.parse(text);
      return cut(JSON.stringify(shown(inner, depth + 1)));
    } catch {
      // A text like any other.
    }
  }
  return cut(text.slice(0, maxText + maxSecret).replace(secretLooks, mask), text.length);
}

function cut(clean: string, length = clean.length): string {
  return Math.max(clean.length, length) > maxText ? `${clean.slice(0, maxText)}... (${length.toLocaleString("en")} characters)` : clean;
}

/** The member of a content block that holds a binary in base64. */
function binaryName(block: object): string | null {
  if ("type" in block && (block.type === "image" || block.type === "audio")) return "data";
  return "uri" in block ? "blob" : null;
}

function shown(value: unknown, depth: number): unknown {
  if (typeof value === "string") return shownText(value, depth);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= maxDepth) return "...";
  if (Array.isArray(value)) return value.map((item) => shown(item, depth + 1));
  const binary = binaryName(value);
  // Object.fromEntries makes "__proto__" a name like any other.
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      if (name === binary && typeof inner === "string") return [name, `... (${inner.length.toLocaleString("en")} characters of base64)`];
      const isSecret = secretName.test(name) && (typeof inner === "string" || typeof inner === "number");
      return [name, isSecret ? mask : shown(inner, depth + 1)];
    }),
  );
}

/** `value` as readable JSON without its secrets. */
export function masked(value: unknown): string {
  return JSON.stringify(shown(value, 0), null, 2);
}

/** The request that an agent would send for this call, and the answer it would get. */
export function exchangeOf({ origin }: Actor, asked: { name: string; arguments: unknown }, result: CallToolResult): Exchange {
  const params = { name: "execute_capability", arguments: asked };
  const head = [
    `POST ${links.agentEndpoint(origin)}`,
    `Authorization: Bearer gth_${mask}`,
    "Content-Type: application/json",
    "Accept: application/json, text/event-stream",
  ].join("\n");
  return {
    request: `${head}\n\n${masked({ jsonrpc: "2.0", id: 1, method: "tools/call", params })}`,
    response: masked({ jsonrpc: "2.0", id: 1, result }),
  };
}
