// Builds app/ (pages for the browser and for the server) and serves it in development, inside the Express host.
import { vitePlugin as remix } from "@remix-run/dev";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig } from "vite";
import { denyImports } from "vite-env-only";

import remixOptions from "./remix.config.js";

declare module "@remix-run/node" {
  interface Future {
    v3_singleFetch: true;
  }
}

// app/ may know the domain by its types alone; a value that slips through stops the build.
const domain = { specifiers: [/^#(server|prisma)\//], files: ["server/**", "generated/**", "prisma/**"] };

export default defineConfig({
  plugins: [denyImports({ client: domain, server: domain }), tailwindcss(), remix(remixOptions)],
});
