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
/** Secrets by how they look: bearer headers, our own tokens, JWTs, keys of well-known providers, and passwords within addresses. */
const secretLooks =
  /(?<=\bBearer\s{1,4})[\w.~+/=-]{8,}|\bgth_[\w-]{20,}|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*|\b(?:sk|rk|pk|ghp|gho|ghs|xox[abp]|glpat|AKIA)[-_]?[\w-]{16,}|(?<=:\/\/[^\s/:@]{0,100}:)[^\s/@]{1,200}(?=@)/g;
/** Characters of one text. */
const maxText = 4_000;
const maxDepth = 40;

/** Tools pack JSON into their texts: its names count, too. */
function shownText(text: string, depth: number): string {
  if (!/^\s*[[{]/.test(text) || depth >= maxDepth) return text.replace(secretLooks, mask);
  try {
    const inner: unknown = JSON.parse(text);
    return JSON.stringify(shown(inner, depth + 1));
  } catch {
    return text.replace(secretLooks, mask);
  }
}

function shown(value: unknown, depth: number): unknown {
  if (typeof value === "string") {
    const clean = shownText(value, depth);
    return clean.length > maxText ? `${clean.slice(0, maxText)}... (${clean.length.toLocaleString("en")} characters)` : clean;
  }
  if (typeof value !== "object" || value === null) return value;
  if (depth >= maxDepth) return "...";
  if (Array.isArray(value)) return value.map((item) => shown(item, depth + 1));
  // Object.fromEntries makes "__proto__" a name like any other.
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
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
