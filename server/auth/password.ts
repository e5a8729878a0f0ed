// Passwords: argon2id, and the same amount of work whether or not the account exists.
import { hash, verify } from "@node-rs/argon2";

// OWASP's argon2id profile: 19 MiB, two passes, one lane.
const profile = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

let decoy: Promise<string> | null = null;

/** An argon2id hash of `password`. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, profile);
}

/** Whether `password` belongs to `stored`. Without a stored hash it works just as long and says no. */
export async function verifyPassword(stored: string | null, password: string): Promise<boolean> {
  if (stored !== null) return verify(stored, password);
  decoy ??= hashPassword("nobody has this password");
  await verify(await decoy, password);
  return false;
}
