// Unit and integration tests, and those of whole processes. `TEST_DATABASE=postgres` runs the integration tests, but for a few, on a PostgreSQL server instead of PGlite.
import { defineConfig } from "vitest/config";

const env = {
  NODE_ENV: "test" as const,
  ALLOW_PRIVATE_UPSTREAMS: "1",
  DATABASE_URL: "pglite:memory",
  // The second is there to be replaced: tests/integration/operator.test.ts seals with it.
  SECRET_KEYS: `test:${Buffer.alloc(32, 7).toString("base64")},before:${Buffer.alloc(32, 8).toString("base64")}`,
  LOG_LEVEL: "silent",
  LOG_FORMAT: "json",
};

/**
 * What is about words spoken with agents and servers more than about what is stored, or starts the product on its embedded database: these run on that
 * alone.
 */
const embeddedOnly = [
  "agent-bad-input",
  "agent-bodies",
  "agent-differential",
  "agent-sign-in",
  "device-sign-in",
  "faults-bad-tokens",
  "host",
  "metrics",
  "oauth-sdk-example",
  "preflight",
  "real-servers",
  "rollout",
  "tracing",
  "upstream-bounds",
  "upstream-call",
  "upstream-differential",
  "upstream-hostile",
].map((name) => `tests/integration/${name}.test.ts`);

export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    // A condition may take its time on a busy machine.
    expect: { poll: { timeout: 10_000 } },
    env,
    projects: [
      // Linting a file takes seconds on a busy machine.
      { extends: true, test: { name: "unit", include: ["tests/unit/**/*.test.{ts,tsx}"], testTimeout: 30_000 } },
      {
        extends: true,
        test: {
          name: "integration",
          include: ["tests/integration/**/*.test.ts"],
          exclude: process.env.TEST_DATABASE === "postgres" ? embeddedOnly : [],
          globalSetup: ["tests/setup/template.ts"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      // The built product, several of it at once, on databases of their own: one file after the other.
      {
        extends: true,
        test: {
          name: "processes",
          include: ["tests/processes/**/*.test.ts"],
          globalSetup: ["tests/setup/template.ts"],
          testTimeout: 180_000,
          hookTimeout: 240_000,
        },
      },
    ],
  },
});
