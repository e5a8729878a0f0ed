// What a form was refused for, as the pages hand it to the components that show it.
import type { ErrorCode, UpstreamFailure } from "#server/errors.ts";

export interface Failed {
  code: ErrorCode;
  message: string;
  /** The field's path in the input, and what is wrong with it. */
  fields: Record<string, string[]>;
  failure: UpstreamFailure | null;
  /** The request id, to find the log line by. */
  reference: string;
}
