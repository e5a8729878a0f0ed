// The sealer of this process: keys from SECRET_KEYS, or from a file made once on this machine.
import { randomBytes } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

import { env, parseSecretKeys } from "./env.ts";
import { log } from "./log.ts";
import { createSealer, type SecretKey, type Sealer } from "./seal.ts";
import { stop } from "./stop.ts";

const keyFile = "data/secret-keys";

function isTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EEXIST";
}

/** Makes the file whole or not at all, and never over another one: losing it loses every stored secret. */
function createKeyFile(file: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `k1:${randomBytes(32).toString("base64")}\n`, { mode: 0o600 });
  try {
    linkSync(draft, file);
    log.warn({ file }, "made a secret key: keep this file, stored credentials cannot be read without it (or set SECRET_KEYS)");
  } catch (error) {
    if (!isTaken(error)) throw error;
  } finally {
    rmSync(draft);
  }
}

/** The keys of the file, which is made first when there is none. Ends the process when it is damaged. */
export function keysFromFile(file: string): SecretKey[] {
  if (!existsSync(file)) createKeyFile(file);
  const keys = parseSecretKeys(readFileSync(file, "utf8").trim());
  return (
    keys ?? stop(`The file ${file} does not hold secret keys any more. Restore it from a backup, or set SECRET_KEYS to the keys it held.`)
  );
}

/** Seals and opens every stored secret. */
export const sealer: Sealer = createSealer(env.SECRET_KEYS ?? keysFromFile(path.resolve(keyFile)));
