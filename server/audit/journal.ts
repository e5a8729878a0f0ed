// A journal of records on their way into the database: appended with write(2), so that they outlive this process however it ends, and forgotten
// once the database has them. One process has one folder of it.
import { closeSync, ftruncateSync, mkdirSync, openSync, readdirSync, readFileSync, unlinkSync, writeSync } from "node:fs";
import path from "node:path";

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
}

function parsed(line: string): { record: unknown } | null {
  try {
    return { record: JSON.parse(line) };
  } catch {
    // The process, or the disk, ended in the middle of it: it was never acknowledged.
    return null;
  }
}

/** Opens the journal in `folder`, which is made where it is missing. Throws when it cannot be written. */
export function openJournal(folder: string): Journal {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const numbers = readdirSync(folder).flatMap((name) => fileForm.exec(name)?.[1] ?? []);
  const pathOf = (number: number | string) => path.join(folder, `${number}.jsonl`);
  let last = Math.max(0, ...numbers.map(Number));
  const begin = (): File => {
    last += 1;
    return { path: pathOf(last), fd: openSync(pathOf(last), "a", 0o600), bytes: 0, open: 0 };
  };
  let current = begin();

  function remove(file: File): void {
    if (file.fd !== null) closeSync(file.fd);
    unlinkSync(file.path);
  }

  function settle(file: File): void {
    file.open -= 1;
    if (file.open > 0) return;
    if (file !== current) return remove(file);
    if (file.fd !== null) ftruncateSync(file.fd, 0);
    file.bytes = 0;
  }

  const left = numbers.map(pathOf).flatMap((name) => {
    const records = readFileSync(name, "utf8")
      .split("\n")
      .flatMap((line) => parsed(line) ?? []);
    const file: File = { path: name, fd: null, bytes: 0, open: records.length };
    if (records.length === 0) remove(file);
    return records.map(({ record }) => ({ record, settled: () => settle(file) }));
  });

  return {
    left,
    append(record) {
      if (current.bytes >= maxFileBytes) current = begin();
      const file = current;
      const line = Buffer.from(`${JSON.stringify(record)}\n`);
      try {
        // A disk that is nearly full takes a part.
        if (writeSync(file.fd ?? -1, line) !== line.length) throw new Error("The disk took only a part of the record.");
      } catch (error) {
        ftruncateSync(file.fd ?? -1, file.bytes);
        throw error;
      }
      file.bytes += line.length;
      file.open += 1;
      return () => settle(file);
    },
    close() {
      if (current.open === 0) remove(current);
      else if (current.fd !== null) closeSync(current.fd);
    },
  };
}
