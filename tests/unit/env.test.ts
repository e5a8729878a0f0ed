// Settings: defaults, every bad variable named at once, and no value ever repeated.
import { describe, expect, test } from "vitest";

import { BadSettings, parseEnv, parseSecretKeys } from "#server/env.ts";

const key = Buffer.alloc(32, 1).toString("base64");

function complaint(source: Record<string, string>): string {
  try {
    parseEnv(source);
  } catch (error) {
    if (error instanceof BadSettings) return error.message;
    throw error;
  }
  throw new Error("These settings should have been refused.");
}

describe("settings", () => {
  test("have defaults, and an empty variable counts as not set", () => {
    expect(parseEnv({ PORT: "", HOST: "", DATABASE_URL: "" })).toMatchObject({
      PORT: 3000,
      HOST: "127.0.0.1",
      DATABASE_URL: "pglite:./data/db",
      SIGNUP: "invite",
      ALLOW_PRIVATE_UPSTREAMS: false,
      CONNECTIONS_GATING: false,
      LOG_LEVEL: "info",
      SLOW_CALL_MS: 5_000,
      OTEL_EXPORTER_OTLP_HEADERS: {},
      OTEL_SERVICE_NAME: "gatehouse",
      OTEL_TRACES_SAMPLER_ARG: 1,
    });
  });

  test("take a collector as OpenTelemetry writes it", () => {
    const env = parseEnv({
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318",
      OTEL_EXPORTER_OTLP_HEADERS: "Authorization=Basic%20YTpi, x-tenant=a=b",
      OTEL_TRACES_SAMPLER_ARG: "0.25",
      METRICS_TOKEN: "0123456789abcdef",
      SLOW_CALL_MS: "250",
    });
    expect(env).toMatchObject({ OTEL_TRACES_SAMPLER_ARG: 0.25, METRICS_TOKEN: "0123456789abcdef", SLOW_CALL_MS: 250 });
    expect(env.OTEL_EXPORTER_OTLP_HEADERS).toEqual({ authorization: "Basic YTpi", "x-tenant": "a=b" });
  });

  test("are parsed", () => {
    const env = parseEnv({ PORT: "8080", PUBLIC_URL: "https://gate.example.com/", TRUST_PROXY: "1", SECRET_KEYS: `new:${key},old:${key}` });
    expect(env).toMatchObject({ PORT: 8080, PUBLIC_URL: "https://gate.example.com", TRUST_PROXY: true });
    expect(env.SECRET_KEYS?.map(({ kid }) => kid)).toEqual(["new", "old"]);
  });

  test("rate limits that are not named keep their defaults", () => {
    expect(parseEnv({ RATE_LIMITS: "member=600, search=30" }).RATE_LIMITS).toEqual({
      ...parseEnv({}).RATE_LIMITS,
      member: 600,
      search: 30,
    });
  });

  test("name every bad variable in one message", () => {
    const message = complaint({
      PORT: "eighty",
      PUBLIC_URL: "gate",
      DATABASE_URL: "mysql://x",
      SECRET_KEYS: "x",
      SIGNUP: "all",
      LOG_LEVEL: "loud",
    });
    for (const name of ["PORT", "PUBLIC_URL", "DATABASE_URL", "SECRET_KEYS", "SIGNUP", "LOG_LEVEL"])
      expect(message).toContain(`  ${name}: `);
  });

  test.each([
    ["PORT", "70000"],
    ["PORT", "1.5"],
    ["PUBLIC_URL", "ftp://gate.example.com"],
    ["PUBLIC_URL", "https://gate.example.com/path"],
    ["DATABASE_URL", "pglite:"],
    ["SECRET_KEYS", `k:${Buffer.alloc(31).toString("base64")}`],
    ["SECRET_KEYS", `k:${key},k:${key}`],
    ["ALLOW_PRIVATE_UPSTREAMS", "yes"],
    ["RATE_LIMITS", "members=5"],
    ["RATE_LIMITS", "member=0"],
    ["RATE_LIMITS", "member=5,"],
    ["BOOTSTRAP_TOKEN", "t".repeat(31)],
    ["METRICS_TOKEN", "t".repeat(15)],
    ["SLOW_CALL_MS", "soon"],
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"],
    ["OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:secret@collector:4318"],
    ["OTEL_EXPORTER_OTLP_HEADERS", "authorization"],
    ["OTEL_EXPORTER_OTLP_HEADERS", "a=b%zz"],
    ["OTEL_TRACES_SAMPLER_ARG", "2"],
    ["EMBEDDINGS_URL", "https://user:password@api.example.com/v1"],
    ["EMBEDDINGS_URL", "file:///v1"],
    ["EMBEDDINGS_KEY", "two\nlines"],
    ["EMBEDDINGS_DIMENSIONS", "7"],
  ])("refuse %s=%s", (name, value) => {
    expect(complaint({ [name]: value })).toContain(name);
  });

  test("take an embeddings endpoint by its base or whole, together with its model", () => {
    const urlOf = (EMBEDDINGS_URL: string) => parseEnv({ EMBEDDINGS_URL, EMBEDDINGS_MODEL: "m" }).EMBEDDINGS_URL;
    expect(urlOf("https://api.example.com/v1")).toBe("https://api.example.com/v1/embeddings");
    expect(urlOf("http://127.0.0.1:11434/v1/")).toBe("http://127.0.0.1:11434/v1/embeddings");
    expect(urlOf("https://m.example.com/d/embeddings?api-version=1")).toBe("https://m.example.com/d/embeddings?api-version=1");
    expect(parseEnv({})).not.toHaveProperty("EMBEDDINGS_URL");
    expect(complaint({ EMBEDDINGS_URL: "https://api.example.com/v1" })).toContain("go together");
    expect(complaint({ EMBEDDINGS_MODEL: "m" })).toContain("go together");
    expect(complaint({ EMBEDDINGS_KEY: "secret-key" })).toContain("need EMBEDDINGS_URL");
  });

  test("never repeat a value: it may be a secret", () => {
    const message = complaint({
      SECRET_KEYS: "hunter2",
      DATABASE_URL: "hunter2",
      BOOTSTRAP_PASSWORD: "hunter2",
      BOOTSTRAP_EMAIL: "hunter2",
      EMBEDDINGS_URL: "hunter2",
      EMBEDDINGS_KEY: "hunter2 hunter2",
    });
    expect(message).not.toContain("hunter2");
  });

  test("take the first owner as a whole or not at all", () => {
    expect(complaint({ BOOTSTRAP_ORG: "Acme" })).toContain("go together");
    expect(complaint({ BOOTSTRAP_TOKEN: "t".repeat(32) })).toContain("BOOTSTRAP_TOKEN");
    const whole = {
      BOOTSTRAP_ORG: "Acme",
      BOOTSTRAP_EMAIL: "a@acme.test",
      BOOTSTRAP_PASSWORD: "p".repeat(10),
      BOOTSTRAP_TOKEN: "t".repeat(32),
    };
    expect(parseEnv(whole)).toMatchObject(whole);
  });
});

test("secret keys outside the settings have the same form", () => {
  expect(parseSecretKeys(`k1:${key}`)).toEqual([{ kid: "k1", key: Buffer.alloc(32, 1) }]);
  expect(parseSecretKeys("k1:short")).toBeUndefined();
});
