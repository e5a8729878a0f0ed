// Ends a start that cannot succeed: one message a person can act on, no stack.
import { writeSync } from "node:fs";

/** Prints `message` on standard error and ends the process with code 2. */
export function stop(message: string): never {
  // Synchronous: process.exit does not wait for a pipe.
  writeSync(2, `${message}\n`);
  process.exit(2);
}
