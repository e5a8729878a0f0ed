// Free space on the disk of the embedded database. PostgreSQL cannot go on without room for its next WAL segment (16 MB): embedded it would then
// never answer again. So changes are refused, and reads go on, before it comes to that.
import { statfsSync } from "node:fs";
import { statfs } from "node:fs/promises";

import { DomainError } from "./errors.ts";
import { log } from "./log.ts";

/** Bytes that have to be free for a change: several WAL segments, since a few small writes are not asked. */
const reserveBytes = 64 * 1_048_576;
/** Milliseconds between two looks. */
const lookMs = 1_000;

export interface DiskSpace {
  /** Throws UNAVAILABLE while there is too little. */
  demand: () => void;
  stop: () => void;
}

const isEnough = ({ bavail, bsize }: { bavail: number; bsize: number }) => bavail * bsize >= reserveBytes;

/** Watches the disk that holds `folder`, which exists. */
export function watchDiskSpace(folder: string): DiskSpace {
  let enough = isEnough(statfsSync(folder));
  const tell = () => {
    if (enough) log.info("there is room on the disk of the database again: changes and calls go on");
    else log.error({ folder, reserveBytes }, "the disk of the database is full: changes and calls are refused until there is room");
  };
  if (!enough) tell();
  const look = async () => {
    const before = enough;
    // A folder that cannot be asked at the moment says nothing about its room.
    enough = await statfs(folder).then(isEnough, () => before);
    if (enough !== before) tell();
  };
  const looking = setInterval(() => void look(), lookMs).unref();
  return {
    demand: () => {
      if (!enough) throw diskFull();
    },
    stop: () => clearInterval(looking),
  };
}

/** What is said to whoever wants to change something on a full disk. */
export function diskFull(cause?: unknown): DomainError {
  return new DomainError("UNAVAILABLE", "The disk that holds the database is full. Nothing was changed; an operator has to make room.", {
    cause,
  });
}
