// One process per data folder: PGlite has no lock of its own, and two processes on one folder corrupt it.
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import path from "node:path";

import { tryLock } from "fs-native-extensions";

import { DomainError } from "./errors.ts";

/**
 * Takes the lock of a database folder and returns what gives it back. The kernel drops it with the process, also after `kill -9`.
 * Throws UNAVAILABLE when somebody holds it.
 */
export function lockDataFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, "gatehouse.lock");
  const fd = openSync(file, "a+", 0o600);
  if (!tryLock(fd)) {
    closeSync(fd);
    const holder = readFileSync(file, "utf8").trim();
    throw new DomainError(
      "UNAVAILABLE",
      `The data folder ${path.resolve(folder)} is in use by another Gatehouse${holder ? ` (process ${holder})` : ""}. ` +
        "Stop that one, or give this one its own folder: DATABASE_URL=pglite:./data/other",
    );
  }
  ftruncateSync(fd);
  writeSync(fd, `${process.pid}\n`);
  return () => closeSync(fd);
}
