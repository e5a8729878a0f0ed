// The one logger. Secrets are kept out by never logging headers, bodies or tokens; the redaction below is the second net.
import { pino } from "pino";

import { env } from "./env.ts";

const secretPaths = [
  "authorization",
  "cookie",
  "password",
  "apiKey",
  "token",
  "access_token",
  "refresh_token",
  "client_secret",
  "code",
  "state",
];

export const log = pino({
  level: env.LOG_LEVEL,
  base: undefined,
  timestamp: pino.stdTimeFunctions.isoTime,
  redact: { paths: secretPaths.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: "[hidden]" },
  ...(env.LOG_FORMAT === "pretty"
    ? { transport: { target: "pino-pretty", options: { colorize: true, translateTime: "HH:MM:ss.l" } } }
    : {}),
});
