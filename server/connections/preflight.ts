// Smart add: finds the server behind a pasted name, host or URL and says what it is, before anything is created.
// It only reads: no registration, no tool call, nothing stored. That is why it leaves no audit row; a limit per person keeps it from being a scanner.
import type { Actor } from "#server/auth/actor.ts";
import { countPreflight } from "#server/auth/limits.ts";
import { env } from "#server/env.ts";
import { badInput, DomainError, type UpstreamFailure, upstreamFailed } from "#server/errors.ts";
import { discover, type Discovery } from "#server/oauth/discover.ts";
import { registrationWay, type RegistrationWay } from "#server/oauth/registration.ts";
import type { OAuthSettings } from "#server/oauth/settings.ts";
import { untilAborted } from "#server/outbound/deadline.ts";
import { checkUpstreamUrl } from "#server/outbound/url.ts";
import { fixedHeaders } from "#server/upstream/authorization.ts";
import { blankSighting, type TransportName } from "#server/upstream/connect.ts";
import type { Listing } from "#server/upstream/list-tools.ts";
import { probe } from "#server/upstream/probe.ts";

import { type Candidate, candidatesFor } from "./candidates.ts";
import { logged } from "./logged.ts";
import { presets, settingsForIssuer } from "./presets.ts";
import type { PreflightInput } from "./schema.ts";

/** How one signs in there, as far as the server tells. */
export interface SignInReport {
  issuer: string;
  /** What providers behind this issuer want, for the form to begin with. */
  advanced: OAuthSettings;
  registration: RegistrationWay;
  /** What will be asked for; none: the provider decides. */
  scopes: string[];
  /** Whether access can be renewed without a person; "unknown" where the provider says nothing about it. */
  refresh: "expected" | "unlikely" | "unknown";
}

export interface FoundServer {
  url: string;
  presetId: string | null;
  /** A name for the form. */
  name: string;
  auth: "none" | "oauth" | "api_key";
  /** Known once the server lets us in; null while it asks for a sign-in first. */
  server: { transport: TransportName; protocolVersion: string; name: string | null; version: string | null; tools: number } | null;
  signIn: SignInReport | null;
  /** What will be in the way, although the server was found. */
  problem: UpstreamFailure | null;
}

export interface Preflight {
  found: FoundServer | null;
  /** The addresses that were tried before and are none, each with its reason. */
  others: { url: string; failure: UpstreamFailure }[];
}

/** Milliseconds for everything: a person waits. */
const totalMs = 20_000;
const atOnce = 3;

function refreshOf({ serverMetadata: { grant_types_supported: grants, scopes_supported: scopes } }: Discovery): SignInReport["refresh"] {
  if (grants?.includes("refresh_token") || scopes?.includes("offline_access")) return "expected";
  return grants ? "unlikely" : "unknown";
}

/** "mcp.notion.com" is called Notion: the word before the ending. */
function nameOfHost(url: string): string {
  const words = new URL(url).hostname.split(".");
  const word = /[a-z]/.test(words.at(-1) ?? "") ? (words.at(-2) ?? words[0]) : undefined;
  return word ? word.charAt(0).toUpperCase() + word.slice(1) : new URL(url).host;
}

type Facts = Pick<FoundServer, "auth" | "server" | "signIn" | "problem">;

function open(listing: Listing): Facts {
  const { transport, protocolVersion, serverName, serverVersion, tools } = listing;
  const server = { transport, protocolVersion, name: serverName, version: serverVersion, tools: tools.length };
  return { auth: "none", server, signIn: null, problem: null };
}

async function closed(url: string, settings: OAuthSettings, origin: string, challenge: string | null): Promise<Facts> {
  try {
    const discovery = await discover(url, settings);
    const { issuer, scope } = discovery;
    const registration = registrationWay(discovery, origin);
    const advanced = settingsForIssuer(issuer);
    const signIn = { issuer, advanced, registration, scopes: scope?.split(" ").filter(Boolean) ?? [], refresh: refreshOf(discovery) };
    return { auth: "oauth", server: null, signIn, problem: null };
  } catch (error) {
    const problem = error instanceof DomainError ? error.details.failure : undefined;
    if (!problem) throw error;
    // A server that points to its metadata wants OAuth and does it wrong; one that does not takes a key as far as anybody can tell.
    return { auth: challenge?.includes("resource_metadata") ? "oauth" : "api_key", server: null, signIn: null, problem };
  }
}

/** What is at this address. Throws UPSTREAM_FAILED with the diagnosis when it is no MCP server that can be reached. */
async function examine({ url, presetId }: Candidate, origin: string, signal: AbortSignal): Promise<FoundServer> {
  const href = checkUpstreamUrl(url, { allowPrivate: env.ALLOW_PRIVATE_UPSTREAMS }).href;
  const preset = presets.find(({ id }) => id === presetId);
  const sighting = blankSighting();
  const facts = await probe({ url: href, authorization: fixedHeaders({}), signal, sighting }).then(open, (error: unknown) => {
    if (sighting.status !== 401) throw error;
    return closed(href, preset?.advanced ?? {}, origin, sighting.challenge);
  });
  const name = preset?.name ?? facts.server?.name?.slice(0, 80) ?? nameOfHost(href);
  // A provider that is known to take keys says nothing about it in its refusal.
  const auth = preset && facts.auth === "api_key" ? preset.authType : facts.auth;
  return { url: href, presetId, name, ...facts, auth };
}

function failureOf(error: unknown): UpstreamFailure {
  if (!(error instanceof DomainError)) throw error;
  const { failure, issues } = error.details;
  if (failure) return failure;
  if (issues) return { phase: "url", seen: "The address cannot be used.", actor: "organization_admin", advice: error.message };
  throw error;
}

function tooLong(): DomainError {
  return upstreamFailed({
    phase: "http",
    seen: "The server did not answer while Gatehouse was looking for it.",
    actor: "provider",
    advice: "Try again in a moment, or enter the whole URL.",
  });
}

/**
 * Tries the likely addresses, a few at a time and the likeliest first, and reports the first that is an MCP server, and why those before it are none.
 * Throws BAD_INPUT (text) for what can be no address, RATE_LIMITED.
 */
export async function preflight(actor: Actor, { text }: PreflightInput): Promise<Preflight> {
  const candidates = candidatesFor(text, { allowPrivate: env.ALLOW_PRIVATE_UPSTREAMS });
  if (candidates.length === 0) throw badInput("text", "Enter a name, a host or a URL, for example notion or https://mcp.example.com/mcp.");
  await countPreflight(actor.membershipId);
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(tooLong()), totalMs);
  const others: Preflight["others"] = [];
  try {
    for (let first = 0; first < candidates.length; first += atOnce) {
      const tries = candidates.slice(first, first + atOnce).map((candidate) => ({
        url: candidate.url,
        found: logged(actor, "preflight", () => untilAborted(examine(candidate, actor.origin, deadline.signal), deadline.signal)),
      }));
      // Those behind the first that is found are never awaited.
      for (const { found } of tries) found.catch(() => undefined);
      for (const { url, found } of tries) {
        try {
          return { found: await found, others };
        } catch (error) {
          others.push({ url, failure: failureOf(error) });
        }
      }
    }
    return { found: null, others };
  } finally {
    clearTimeout(timer);
    // Nobody waits for the addresses that come after the one that was found.
    deadline.abort();
  }
}
