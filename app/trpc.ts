// The api from the browser: the only place of the interface that sends requests by itself.
import { createTRPCClient, httpLink } from "@trpc/client";

import { paths } from "#app/paths.ts";
import type { AppRouter } from "#server/trpc/root.ts";

export const browserApi = createTRPCClient<AppRouter>({ links: [httpLink({ url: paths.api })] });
