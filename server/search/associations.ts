// What earlier searches say of a query: members searched with these terms and then ran that tool. Pure: server/search/learned.ts has the rows.
import { createHash } from "node:crypto";

import { term, termsOf, written } from "./analyzer.ts";
import type { SearchableTool } from "./segment.ts";
import { actionOf } from "./synonyms.ts";

/** One member ran one tool after a search with this term. */
export interface Association {
  connectionId: string;
  toolName: string;
  term: string;
  membershipId: string;
  /** How often, what is long ago counting less. */
  weight: number;
}

/** One tool among all tools of an organization. */
export const toolKey = (connectionId: string, toolName: string) => `${connectionId}\0${toolName}`;

/** The connection's id and the tool's name of such a key. */
export function toolOfKey(key: string): [connectionId: string, toolName: string] {
  const end = key.indexOf("\0");
  return [key.slice(0, end), key.slice(end + 1)];
}

/** A verb says less of which tool is meant than the thing it is done to, and nearly every tool shares one. */
const verbWeight = 0.4;
const maxTerms = 24;

/** The terms of a query that say what is wanted: without stop words, numbers and what stands in quotes or brackets, which are values. */
export function wantedTerms(query: string): string[] {
  const prose = query.replace(/<[^<>]{1,80}>|"[^"]{1,80}"|“[^”]{1,80}”|`[^`]{1,80}`/gu, " ");
  const found = written(prose)
    .flatMap(({ whole, parts }) => (parts.length > 0 ? parts : [whole]))
    .filter((word) => !/\p{N}/u.test(word))
    .flatMap((word) => term(word) ?? []);
  return [...new Set(found)].slice(0, maxTerms);
}

/** Stands for all terms of a query together, in whatever order: who asks for the same again most likely wants the same again. */
export function wholeTerm(terms: readonly string[]): string {
  return `=${createHash("sha256")
    .update([...terms].sort().join(" "))
    .digest("base64url")
    .slice(0, 22)}`;
}

/** Every text in a value, names of properties included. */
function textsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [name, ...textsOf(inner)]);
}

/**
 * Of the terms of a query those that the tool does not have itself: by the others it is found anyway, and so are the tools beside it that were
 * not meant.
 */
export function newTerms(terms: readonly string[], label: string, tool: SearchableTool): string[] {
  const texts = [label, tool.name, tool.title ?? "", tool.description, ...textsOf(tool.inputSchema)];
  const own = new Set(termsOf(texts.join(" ").slice(0, 20_000), "identifier"));
  return terms.filter((known) => !own.has(known));
}

/** From this many members on, what they did counts for everybody: one person, or one runaway agent, moves nobody's answers but their own. */
const enoughMembers = 2;

/** How sure it is that a term means a tool, for one caller (0 to 1): each member adds less than one, however often they did it. */
function strengthFor(caller: string, members: ReadonlyMap<string, number>): number {
  const own = members.get(caller);
  const counted = members.size >= enoughMembers ? [...members.values()] : own === undefined ? [] : [own];
  const sum = counted.reduce((total, weight) => total + 1 - 2 ** -weight, 0);
  return sum / (sum + 0.5);
}

/** What it counts at the most that members ran a tool after words it does not have, and after the very same query, in shares of the best score. */
const termWorth = 1;
const wholeWorth = 0.6;

/** The associations of one organization, in memory. */
export class Associations {
  /** Term, then tool, then member: the weight. */
  readonly #tools = new Map<string, Map<string, Map<string, number>>>();
  readonly #count: number;
  readonly size: number;

  constructor(rows: readonly Association[]) {
    const all = new Set<string>();
    for (const { connectionId, toolName, term, membershipId, weight } of rows) {
      const key = toolKey(connectionId, toolName);
      all.add(key);
      const tools = this.#tools.get(term) ?? new Map<string, Map<string, number>>();
      this.#tools.set(term, tools);
      const members = tools.get(key) ?? new Map<string, number>();
      tools.set(key, members.set(membershipId, weight));
    }
    this.#count = all.size;
    this.size = rows.length;
  }

  /** What a term counts in a query: one that led to many tools says little of which. One never seen may still be what matters. */
  #worth(known: string): number {
    const rarity = Math.log(1 + this.#count / Math.max(1, this.#tools.get(known)?.size ?? 1));
    return actionOf(known) === 0 ? rarity : rarity * verbWeight;
  }

  /** What leads from these terms to each tool, for a caller: in shares of the best score by words, by `toolKey`. */
  sharesOf(terms: readonly string[], caller: string): Map<string, number> {
    const shares = new Map<string, number>();
    const worths = terms.map((known) => this.#worth(known));
    const total = worths.reduce((sum, worth) => sum + worth, 0);
    const add = (known: string, worth: number) => {
      for (const [key, members] of this.#tools.get(known) ?? []) {
        const strength = strengthFor(caller, members);
        if (strength > 0) shares.set(key, (shares.get(key) ?? 0) + strength * worth);
      }
    };
    for (const [index, known] of terms.entries()) add(known, (termWorth * (worths[index] ?? 0)) / total);
    if (terms.length > 0) add(wholeTerm(terms), wholeWorth);
    return shares;
  }
}
