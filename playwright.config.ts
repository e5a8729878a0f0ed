// Journeys in a real browser against the built product. `npm test` finds or installs the browser first.
import { existsSync } from "node:fs";

import { defineConfig } from "@playwright/test";

// Debian's Chromium where it is installed; elsewhere the one Playwright downloaded.
const system = ["/usr/bin/chromium", "/usr/bin/google-chrome"].find((file) => existsSync(file));

export default defineConfig({
  testDir: "tests/e2e",
  workers: 1,
  timeout: 180_000,
  expect: { timeout: 20_000 },
  reporter: [["list"]],
  outputDir: "test-results",
  use: {
    viewport: { width: 1280, height: 800 },
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: system,
      // The sandbox needs a user namespace that root in a container has not; the rest keeps the browser off the network.
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
