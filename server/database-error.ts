// Tells a database that is away from a bug: Prisma and the driver report both as errors of the query that met them.
import { diskFull } from "./disk-space.ts";
import { DomainError } from "./errors.ts";

// Prisma's codes for: not reachable, timed out, closed the connection, no free connection, no transaction could be begun.
const awayCodes = new Set(["P1001", "P1002", "P1008", "P1017", "P2024", "P2028"]);
const awayKinds = new Set(["DatabaseNotReachable", "ConnectionClosed", "SocketTimeout", "TooManyConnections"]);
// PostgreSQL's own: connection exceptions, too many connections, shutting down or starting up, not accepting connections.
const awayStates = /^(08...|53300|57P0[1-5]|55000)$/;
// What the driver says without any code, and Prisma passes on as it is: a connection that ended or was ended under a query, or none in time.
const awayWords =
  /^(?:Connection terminated(?: unexpectedly| due to connection timeout)?|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client was closed and is not queryable|Client has encountered a connection error and is not queryable)$/;
/** disk_full */
const fullState = "53100";

/** What the driver adapter says: its own kind of error, and PostgreSQL's code where there is one. */
function driverError(error: Error): { kind: string; code: string } {
  const meta: unknown = "meta" in error ? error.meta : undefined;
  const adapter: unknown = typeof meta === "object" && meta !== null && "driverAdapterError" in meta ? meta.driverAdapterError : error;
  const cause: unknown = adapter instanceof Error ? adapter.cause : undefined;
  if (typeof cause !== "object" || cause === null) return { kind: "", code: "" };
  return { kind: "kind" in cause ? String(cause.kind) : "", code: "code" in cause ? String(cause.code) : "" };
}

/** UNAVAILABLE when `error` says that the database cannot be reached right now or has no room; any other error as it came. */
export function orUnavailable(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = "code" in error ? String(error.code) : "";
  const driver = driverError(error);
  if ([code, driver.code].includes(fullState)) return diskFull(error);
  const isAway = awayCodes.has(code) || awayStates.test(code) || awayKinds.has(driver.kind) || awayStates.test(driver.code);
  if (!isAway && (code !== "" || !awayWords.test(error.message))) return error;
  return new DomainError("UNAVAILABLE", "The database cannot be reached right now. Nothing was changed; try again in a moment.", {
    cause: error,
  });
}
