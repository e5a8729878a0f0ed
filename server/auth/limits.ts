// Brakes on guessing: per address and per account. On the embedded database a restart forgives, and an attacker gains nothing by it; processes
// that share a PostgreSQL server count together, or each of them would give a guesser as many tries again.
import { DomainError } from "#server/errors.ts";
import { exactLimit } from "#server/rate-limit.ts";

const perAddress = exactLimit({ name: "address", points: 100, seconds: 15 * 60 });
const perAccount = exactLimit({ name: "account", points: 10, seconds: 15 * 60 });

async function spend(limit: ReturnType<typeof exactLimit>, key: string): Promise<void> {
  const retryAfterSeconds = await limit.spend(key);
  if (retryAfterSeconds === null) return;
  throw new DomainError("RATE_LIMITED", `Too many tries. Wait ${Math.ceil(retryAfterSeconds / 60)} minutes and try again.`, {
    retryAfterSeconds,
  });
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

const perVisitor = exactLimit({ name: "visitor", points: 3_000, seconds: 15 * 60 });

/** Counts one request of a sign-in by URL. Throws RATE_LIMITED. Wide: the agents of a whole office come from one address. */
export async function countSignInRequest(address: string): Promise<void> {
  await spend(perVisitor, networkOf(address));
}

const perInviter = exactLimit({ name: "inviter", points: 100, seconds: 3_600 });
const perRecipient = exactLimit({ name: "recipient", points: 5, seconds: 3_600 });

/** Counts one invitation that is made or made anew. Throws RATE_LIMITED: nobody's mailbox is flooded through us. */
export async function countInvitation({ membershipId, email }: { membershipId: string; email: string }): Promise<void> {
  await spend(perInviter, membershipId);
  await spend(perRecipient, email);
}

const perSearcher = exactLimit({ name: "searcher", points: 30, seconds: 10 * 60 });

/** Counts one search for a server to add. Throws RATE_LIMITED: each makes requests to addresses that a person chose. */
export async function countPreflight(membershipId: string): Promise<void> {
  await spend(perSearcher, membershipId);
}

/** Forgives an account's failed tries after a success. */
export async function forgiveTries(account: string): Promise<void> {
  await perAccount.forget(account);
}

const perRefresher = exactLimit({ name: "refresher", points: 6, seconds: 600 });

/** Counts one "refresh all" of a person. Throws RATE_LIMITED: each asks every server they may use. */
export async function countRefresh({ membershipId }: { membershipId: string }): Promise<void> {
  await spend(perRefresher, membershipId);
}

const perRunner = exactLimit({ name: "runner", points: 120, seconds: 60 });

/** Counts one tool that a person runs by hand. Throws RATE_LIMITED: nobody fills in a form twice a second. */
export async function countRun({ membershipId }: { membershipId: string }): Promise<void> {
  await spend(perRunner, membershipId);
}

const perExplained = exactLimit({ name: "explained", points: 60, seconds: 60 });

/** Counts one search of a person that is explained. Throws RATE_LIMITED: it costs more than an agent's. */
export async function countExplained({ membershipId }: { membershipId: string }): Promise<void> {
  await spend(perExplained, membershipId);
}

/** Where turns are taken: a host on IPv4, a /48 on IPv6, which is what one site gets; taken by /64, one of them would have 65,536 turns. */
export function siteOf(address: string): string {
  const network = networkOf(address);
  return network.includes(":") ? network.split(":").slice(0, 3).join(":") : network;
}
