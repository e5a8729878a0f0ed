// Brakes on guessing: per address and per account. In memory: a restart forgives, an attacker gains nothing by it.
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";

import { DomainError } from "#server/errors.ts";

const perAddress = new RateLimiterMemory({ keyPrefix: "address", points: 100, duration: 15 * 60 });
const perAccount = new RateLimiterMemory({ keyPrefix: "account", points: 10, duration: 15 * 60 });

async function spend(limiter: RateLimiterMemory, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (limit) {
    if (!(limit instanceof RateLimiterRes)) throw limit;
    const retryAfterSeconds = Math.max(1, Math.ceil(limit.msBeforeNext / 1000));
    throw new DomainError("RATE_LIMITED", `Too many tries. Wait ${Math.ceil(retryAfterSeconds / 60)} minutes and try again.`, {
      retryAfterSeconds,
    });
  }
}

/** One key per host on IPv4, one per /64 on IPv6: a single subscriber has that many addresses. */
export function networkOf(address: string): string {
  const bare = address.replace(/^::ffff:(?=\d+\.)/i, "");
  if (!/^[0-9a-f:]+$/i.test(bare) || !bare.includes(":")) return bare;
  const [head = "", tail = ""] = bare.split("::");
  const left = head.split(":").filter(Boolean);
  const right = tail.split(":").filter(Boolean);
  const zeros = bare.includes("::") ? Array<string>(Math.max(0, 8 - left.length - right.length)).fill("0") : [];
  return [...left, ...zeros, ...right]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}

interface Try {
  address: string;
  account?: string;
  /** What is tried, where it is counted apart from signing in. */
  purpose?: "register" | "device";
}

/** Counts one try to sign in or set up. Throws RATE_LIMITED when there were too many from this address or for this account. */
export async function countTry({ address, account, purpose }: Try): Promise<void> {
  await spend(perAddress, purpose === undefined ? networkOf(address) : `${purpose}:${networkOf(address)}`);
  if (account) await spend(perAccount, account);
}

const perVisitor = new RateLimiterMemory({ keyPrefix: "visitor", points: 3_000, duration: 15 * 60 });

/** Counts one request of a sign-in by URL. Throws RATE_LIMITED. Wide: the agents of a whole office come from one address. */
export async function countSignInRequest(address: string): Promise<void> {
  await spend(perVisitor, networkOf(address));
}

const perInviter = new RateLimiterMemory({ keyPrefix: "inviter", points: 100, duration: 3_600 });
const perRecipient = new RateLimiterMemory({ keyPrefix: "recipient", points: 5, duration: 3_600 });

/** Counts one invitation that is made or made anew. Throws RATE_LIMITED: nobody's mailbox is flooded through us. */
export async function countInvitation({ membershipId, email }: { membershipId: string; email: string }): Promise<void> {
  await spend(perInviter, membershipId);
  await spend(perRecipient, email);
}

const perSearcher = new RateLimiterMemory({ keyPrefix: "searcher", points: 30, duration: 10 * 60 });

/** Counts one search for a server to add. Throws RATE_LIMITED: each makes requests to addresses that a person chose. */
export async function countPreflight(membershipId: string): Promise<void> {
  await spend(perSearcher, membershipId);
}

/** Forgives an account's failed tries after a success. */
export async function forgiveTries(account: string): Promise<void> {
  await perAccount.delete(account);
}

const perRefresher = new RateLimiterMemory({ keyPrefix: "refresher", points: 6, duration: 600 });

/** Counts one "refresh all" of a person. Throws RATE_LIMITED: each asks every server they may use. */
export async function countRefresh({ membershipId }: { membershipId: string }): Promise<void> {
  await spend(perRefresher, membershipId);
}

const perRunner = new RateLimiterMemory({ keyPrefix: "runner", points: 120, duration: 60 });

/** Counts one tool that a person runs by hand. Throws RATE_LIMITED: nobody fills in a form twice a second. */
export async function countRun({ membershipId }: { membershipId: string }): Promise<void> {
  await spend(perRunner, membershipId);
}
