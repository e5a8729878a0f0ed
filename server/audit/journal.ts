// A journal of records on their way into the database: appended with write(2), so that they outlive this process however it ends, and forgotten
// once the database has them. One process has one folder of it.
import { closeSync, ftruncateSync, mkdirSync, openSync, readdirSync, readFileSync, unlinkSync, writeSync } from "node:fs";
import path from "node:path";

import { log } from "#server/log.ts";

/** A file this long, in bytes, gets no more records; it goes away with the last of them. */
const maxFileBytes = 262_144;
const fileForm = /^(\d+)\.jsonl$/;

export interface Journal {
  /** What an earlier process left behind, each record with what to call once the database has it. */
  left: { record: unknown; settled: () => void }[];
  /** Writes a record down and returns what to call once the database has it. Throws when the disk does not take it; then nothing of it is left. */
  append: (record: object) => () => void;
  close: () => void;
}

interface File {
  path: string;
  fd: number | null;
  bytes: number;
  /** Records that the database does not have yet. */
  open: number;
  /** A part of a record is at its end and cannot be taken away: nothing may come behind it. */
  isTorn: boolean;
}

/** Whether the disk did it. What could not be removed stays and is stored again by the next process, which changes nothing: the ids are the same. */
function tried(file: File, change: () => void): boolean {
  try {
    change();
    return true;
  } catch (error) {
    log.error({ err: error, file: file.path }, "a file of the journal of calls could not be tidied up");
    return false;
  }
}

function remove(file: File): void {
  const { fd } = file;
  file.fd = null;
  if (fd !== null) tried(file, () => closeSync(fd));
  tried(file, () => unlinkSync(file.path));
}

function recordsIn(file: string): unknown[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line, index): unknown[] => {
      if (line === "") return [];
      try {
        return [JSON.parse(line)];
      } catch {
        // The process, or the disk, ended in the middle of it: it was never acknowledged.
        log.warn({ file, line: index + 1, length: line.length }, "a torn line in the journal of calls is passed over");
        return [];
      }
    });
}

/** Opens the journal in `folder`, which is made where it is missing. Throws when it cannot be written. */
export function openJournal(folder: string): Journal {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const numbers = readdirSync(folder).flatMap((name) => fileForm.exec(name)?.[1] ?? []);
  const pathOf = (number: number | string) => path.join(folder, `${number}.jsonl`);
  let last = Math.max(0, ...numbers.map(Number));
  const begin = (): File => {
    last += 1;
    return { path: pathOf(last), fd: openSync(pathOf(last), "a", 0o600), bytes: 0, open: 0, isTorn: false };
  };
  let current = begin();

  function settle(file: File): void {
    file.open -= 1;
    if (file.open > 0) return;
    const { fd } = file;
    if (file !== current || fd === null) return remove(file);
    if (!tried(file, () => ftruncateSync(fd, 0))) return;
    file.bytes = 0;
    file.isTorn = false;
  }

  /** The file that takes the next record. */
  function next(): File {
    const before = current;
    if (!before.isTorn && before.bytes < maxFileBytes) return before;
    current = begin();
    if (before.open === 0) remove(before);
    return current;
  }

  const left = numbers.map(pathOf).flatMap((name) => {
    const records = recordsIn(name);
    const file: File = { path: name, fd: null, bytes: 0, open: records.length, isTorn: false };
    if (records.length === 0) remove(file);
    return records.map((record) => ({ record, settled: () => settle(file) }));
  });

  return {
    left,
    append(record) {
      const file = next();
      const line = Buffer.from(`${JSON.stringify(record)}\n`);
      try {
        // A disk that is nearly full takes a part.
        if (writeSync(file.fd ?? -1, line) !== line.length) throw new Error("The disk took only a part of the record.");
      } catch (error) {
        file.isTorn = !tried(file, () => ftruncateSync(file.fd ?? -1, file.bytes));
        throw error;
      }
      file.bytes += line.length;
      file.open += 1;
      return () => settle(file);
    },
    close() {
      const { fd } = current;
      if (current.open === 0) remove(current);
      else if (fd !== null) {
        current.fd = null;
        tried(current, () => closeSync(fd));
      }
    },
  };
}
