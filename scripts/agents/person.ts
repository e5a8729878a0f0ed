// The person at the browser: signs in, lets the agent in, through the real pages.
import { existsSync } from "node:fs";

import { chromium } from "@playwright/test";

const system = ["/usr/bin/chromium", "/usr/bin/google-chrome"].find((file) => existsSync(file));

/** Opens the browser. `letIn` goes from a sign-in address to where the agent takes over; throws when a page offers nothing to go on with. */
export async function startPerson({ email, password }: { email: string; password: string }) {
  const browser = await chromium.launch({
    executablePath: system,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  });
  return {
    async letIn(url: string): Promise<void> {
      // Nobody is signed in yet: every agent meets the whole way.
      const context = await browser.newContext();
      const page = await context.newPage();
      try {
        await page.goto(url);
        await page.getByLabel("E-mail").fill(email);
        await page.getByLabel("Password").fill(password);
        await page.getByRole("button", { name: "Sign in", exact: true }).click();
        const allow = page.getByRole("button", { name: "Allow", exact: true });
        const next = page.getByRole("button", { name: "Continue", exact: true });
        await allow.or(next).first().waitFor({ timeout: 15_000 });
        // Device codes are confirmed before anything is asked.
        if (await next.isVisible()) await next.click();
        await allow.click({ timeout: 15_000 });
        await allow.waitFor({ state: "detached", timeout: 15_000 });
        await page.waitForLoadState("load");
      } finally {
        await context.close();
      }
    },
    close: () => browser.close(),
  };
}
