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

/** Counts one try to sign in or set up. Throws RATE_LIMITED when there were too many from this address or for this account. */
export async function countTry({ address, account }: { address: string; account?: string }): Promise<void> {
  await spend(perAddress, address);
  if (account) await spend(perAccount, account);
}

/** Forgives an account's failed tries after a success. */
export async function forgiveTries(account: string): Promise<void> {
  await perAccount.delete(account);
}
