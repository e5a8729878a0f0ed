// The settings, parsed once. The only file that reads process.env.
import { z } from "zod";

import type { SecretKey } from "./seal.ts";
import { stop } from "./stop.ts";

const flag = z
  .enum(["0", "1"], { error: "must be 0 or 1" })
  .default("0")
  .transform((value) => value === "1");

const origin = z
  .string()
  .refine(
    (value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol),
    "must be an http(s) origin such as https://gatehouse.example.com",
  )
  .refine((value) => !URL.canParse(value) || new URL(value).pathname === "/", "must be an origin alone, without a path")
  .transform((value) => new URL(value).origin);

const databaseUrl = z
  .string()
  .default("pglite:./data/db")
  .refine(
    (value) => /^pglite:.+/.test(value) || /^postgres(ql)?:\/\//.test(value),
    "must be pglite:<folder>, pglite:memory or postgresql://user:password@host:port/database",
  );

const secretKeys = z
  .string()
  .transform((value, context) =>
    value.split(",").map((entry) => {
      const [kid = "", encoded = ""] = entry.trim().split(/:(.*)/s);
      const key = Buffer.from(encoded, "base64");
      if (!/^[A-Za-z0-9_-]{1,32}$/.test(kid) || key.length !== 32) {
        context.addIssue({
          code: "custom",
          message: "must be kid:base64, comma-separated, each key 32 bytes (make one with: openssl rand -base64 32)",
        });
      }
      return { kid, key };
    }),
  )
  .refine((keys) => new Set(keys.map(({ kid }) => kid)).size === keys.length, "must not name the same key id twice");

const collector = z
  .string()
  .refine(
    (value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol),
    "must be an http(s) URL such as http://collector:4318",
  )
  .refine(
    (value) => !URL.canParse(value) || !/[@?#]/.test(value),
    "must have no user name, query or fragment: secrets go in OTEL_EXPORTER_OTLP_HEADERS",
  );

/** The form of the OpenTelemetry specification: name=value, comma-separated, values percent-encoded. */
const collectorHeaders = z
  .string()
  .default("")
  .transform((value, context) => {
    const pairs = value
      .split(",")
      .filter((pair) => pair.trim() !== "")
      .map((pair) => {
        const [, name = "", encoded = ""] = /^\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*=\s*([\x21-\x7e]+)\s*$/.exec(pair) ?? [];
        if (name === "" || /%(?![0-9a-f]{2})/i.test(encoded))
          context.addIssue({ code: "custom", message: "must be name=value, comma-separated, values percent-encoded" });
        return [
          name.toLowerCase(),
          encoded.replace(/%[2-7][0-9a-f]/gi, (byte) => String.fromCharCode(parseInt(byte.slice(1), 16))),
        ] as const;
      });
    return Object.fromEntries(pairs);
  });

/** What agents may do in a minute: requests of one token, calls of one member, to one connection and of one organization, searches of one member. */
const generous = { token: 60_000, member: 60_000, connection: 60_000, organization: 120_000, search: 60_000 };
type RateLimits = typeof generous;

const rateLimits = z
  .string()
  .default("")
  .transform((value, context): RateLimits => {
    const given = value.split(",").map((entry) => /^(\w+)=([1-9]\d{0,8})$/.exec(entry.trim()));
    const limits = new Map(given.map((match) => [match?.[1] ?? "", Number(match?.[2])]));
    if (value !== "" && [...limits.keys()].some((name) => !Object.hasOwn(generous, name)))
      context.addIssue({
        code: "custom",
        message: `must be name=number, comma-separated; the names are ${Object.keys(generous).join(", ")}`,
      });
    const of = (name: keyof RateLimits) => limits.get(name) ?? generous[name];
    return {
      token: of("token"),
      member: of("member"),
      connection: of("connection"),
      organization: of("organization"),
      search: of("search"),
    };
  });

/** The address of `POST .../embeddings`: given whole, or as the base in front of it, as most programs want it. */
const embeddingsUrl = z
  .string()
  .refine((value) => {
    const url = URL.canParse(value) ? new URL(value) : null;
    return url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "" && url.hash === "";
  }, "must be an http(s) address such as https://api.openai.com/v1, without a user name or password")
  .transform((value) => {
    if (!URL.canParse(value)) return value;
    const url = new URL(value);
    if (!/\/embeddings$/.test(url.pathname)) url.pathname = `${url.pathname.replace(/\/+$/, "")}/embeddings`;
    return url.href;
  });

const schema = z
  .object({
    NODE_ENV: z.enum(["development", "production", "test"]).default("development"),
    PORT: z.coerce.number({ error: "must be a port number" }).int().min(0).max(65_535).default(3000),
    HOST: z.string().min(1).default("127.0.0.1"),
    PUBLIC_URL: origin.optional(),
    TRUST_PROXY: flag,
    DATABASE_URL: databaseUrl,
    SECRET_KEYS: secretKeys.optional(),
    SIGNUP: z.enum(["open", "invite"], { error: "must be open or invite" }).default("invite"),
    SMTP_URL: z
      .string()
      .refine(
        (value) => URL.canParse(value) && /^smtps?:$/.test(new URL(value).protocol),
        "must be smtp://user:password@host:port or smtps://...",
      )
      .optional(),
    MAIL_FROM: z.string().min(3).max(200).default("Gatehouse <gatehouse@localhost>"),
    ALLOW_PRIVATE_UPSTREAMS: flag,
    CONNECTIONS_GATING: flag,
    RATE_LIMITS: rateLimits,
    EMBEDDINGS_URL: embeddingsUrl.optional(),
    EMBEDDINGS_MODEL: z.string().min(1).max(200).optional(),
    EMBEDDINGS_KEY: z
      .string()
      .regex(/^[\x21-\x7e]{1,1000}$/, "must be one line of visible characters")
      .optional(),
    EMBEDDINGS_DIMENSIONS: z.coerce.number({ error: "must be a whole number" }).int().min(8).max(4_096).optional(),
    BOOTSTRAP_ORG: z.string().min(1).max(80).optional(),
    BOOTSTRAP_EMAIL: z.email("must be an e-mail address").optional(),
    BOOTSTRAP_PASSWORD: z.string().min(10, "must have at least 10 characters").max(200).optional(),
    BOOTSTRAP_TOKEN: z.string().min(32, "must have at least 32 characters").max(200).optional(),
    METRICS_TOKEN: z.string().min(16, "must have at least 16 characters").max(200).optional(),
    SLOW_CALL_MS: z.coerce.number({ error: "must be a number of milliseconds" }).int().min(1).max(600_000).default(5_000),
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.optional(),
    OTEL_EXPORTER_OTLP_HEADERS: collectorHeaders,
    OTEL_SERVICE_NAME: z.string().min(1).max(100).default("gatehouse"),
    OTEL_TRACES_SAMPLER_ARG: z.coerce.number({ error: "must be a share from 0 to 1" }).min(0).max(1).default(1),
    LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
    LOG_FORMAT: z.enum(["json", "pretty"]).default(process.stdout.isTTY ? "pretty" : "json"),
  })
  .superRefine((value, context) => {
    if ((value.EMBEDDINGS_URL === undefined) !== (value.EMBEDDINGS_MODEL === undefined)) {
      context.addIssue({ code: "custom", path: ["EMBEDDINGS_URL"], message: "EMBEDDINGS_URL and EMBEDDINGS_MODEL go together" });
    }
    if (value.EMBEDDINGS_URL === undefined && (value.EMBEDDINGS_KEY ?? value.EMBEDDINGS_DIMENSIONS) !== undefined) {
      context.addIssue({
        code: "custom",
        path: ["EMBEDDINGS_URL"],
        message: "EMBEDDINGS_KEY and EMBEDDINGS_DIMENSIONS need EMBEDDINGS_URL and EMBEDDINGS_MODEL beside them",
      });
    }
    const given = [value.BOOTSTRAP_ORG, value.BOOTSTRAP_EMAIL, value.BOOTSTRAP_PASSWORD];
    if (given.some(Boolean) && !given.every(Boolean)) {
      context.addIssue({
        code: "custom",
        path: ["BOOTSTRAP_ORG"],
        message: "BOOTSTRAP_ORG, BOOTSTRAP_EMAIL and BOOTSTRAP_PASSWORD go together",
      });
    }
    if (value.BOOTSTRAP_TOKEN && !given.every(Boolean)) {
      context.addIssue({
        code: "custom",
        path: ["BOOTSTRAP_TOKEN"],
        message: "needs BOOTSTRAP_ORG, BOOTSTRAP_EMAIL and BOOTSTRAP_PASSWORD beside it",
      });
    }
  });

export type Env = z.output<typeof schema>;

/** The settings are wrong; the message names every bad variable, one a line, and never repeats a value. */
export class BadSettings extends Error {
  override readonly name = "BadSettings";
}

/** Parses settings. An empty variable counts as not set. Throws BadSettings naming every bad variable at once. */
export function parseEnv(source: Record<string, string | undefined>): Env {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ""));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => `  ${issue.path.join(".") || "settings"}: ${issue.message}`);
  throw new BadSettings(`These settings are wrong:\n${[...new Set(lines)].join("\n")}`);
}

/** Parses the form of `SECRET_KEYS`; undefined when it is not of that form. */
export function parseSecretKeys(text: string): SecretKey[] | undefined {
  return secretKeys.safeParse(text).data;
}

function readEnv(): Env {
  try {
    return parseEnv(process.env);
  } catch (error) {
    if (error instanceof BadSettings) stop(error.message);
    throw error;
  }
}

/** The settings of this process; wrong ones end it here. */
export const env: Env = readEnv();
