// The suite's fixtures behind the product's own door: token, Host, Origin, limits and both protocol generations are what `/mcp/agent` has. Test only.
import { createServer } from "node:http";

import express from "express";

import { answerWith } from "#server/agent/mcp-server.ts";
import { endpointFor } from "#server/agent/endpoint.ts";
import { openDatabase } from "#server/db.ts";
import { env } from "#server/env.ts";
import { routeTo } from "#server/http/agent-route.ts";
import { learn } from "#server/http/facts.ts";
import { ownHost, ownOrigin } from "#server/http/guards.ts";
import { create as createToken } from "#server/tokens/create.ts";

import { createMember, createOrganization } from "../prisma/factories.ts";
import { fixtureServer } from "./fixtures.ts";

await openDatabase(env.DATABASE_URL);
const owner = await createMember(await createOrganization("Acme"), { role: "owner" });
const { token } = await createToken(owner.actor, { name: "conformance", scopes: ["mcp:read", "mcp:write"], expiresInDays: 1 });

const app = express();
app.use((req, res, next) => {
  learn(req, res);
  next();
});
app.all("/mcp/agent", ownHost, ownOrigin, routeTo(endpointFor(answerWith(fixtureServer))));
const server = createServer(app).listen(0, "127.0.0.1", () => {
  const address = server.address();
  const origin = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
  process.stdout.write(`${JSON.stringify({ origin, token })}\n`);
});
