// @ts-check
// What the official suite starts for each client scenario: an admin who adds the suite's server to the running product and signs in there, and an
// agent that searches and calls its tools through /mcp/agent. It never speaks to the suite's server as an MCP client, so the product is judged.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

const url = process.argv.at(-1) ?? "";
const { GATEHOUSE_ORIGIN: origin = "", GATEHOUSE_ADMIN_TOKEN: admin = "", GATEHOUSE_AGENT_TOKEN: agent = "" } = process.env;
const scenario = process.env.MCP_CONFORMANCE_SCENARIO ?? "";
/** @type {{ client_id?: string; client_secret?: string; toolCalls?: { name: string; arguments?: Record<string, unknown> }[] }} */
const context = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT ?? "{}");
/** A service account: nobody signs in. */
const isService = scenario.startsWith("auth/client-credentials-");
const asAdmin = { authorization: `Bearer ${admin}`, "content-type": "application/json" };

/** One mutation of the machine interface. Throws with its error. */
async function api(/** @type {string} */ procedure, /** @type {object} */ input) {
  const response = await fetch(`${origin}/api/trpc/${procedure}`, { method: "POST", headers: asAdmin, body: JSON.stringify(input) });
  const answer = await response.json();
  if (!answer.result) throw new Error(`${procedure} answered ${response.status}: ${JSON.stringify(answer.error)}`);
  return answer.result.data;
}

/** The suite's authorization server approves by itself: its redirect leads straight into the product's callback. */
async function signIn(/** @type {string} */ connectionId) {
  const { authorizationUrl } = await api("oauth.begin", { connectionId });
  const { status, headers } = await fetch(authorizationUrl, { redirect: "manual" });
  const location = headers.get("location");
  if (!location?.startsWith(`${origin}/oauth/callback?`))
    throw new Error(`The provider answered ${status}, not a redirect to the callback.`);
  const callback = await fetch(location, { headers: asAdmin });
  if (!callback.ok)
    throw new Error(
      `The callback answered ${callback.status}: ${(await callback.text()).replace(/<style.*?<\/style>|<[^>]*>/gs, " ").slice(0, 600)}`,
    );
}

/** A value that fits a small schema, for tools the scenario names no arguments for. */
function sample(/** @type {any} */ schema, /** @type {number} */ n = 0) {
  if (schema?.default !== undefined) return schema.default;
  if (schema?.enum) return schema.enum[0];
  if (schema?.type === "number" || schema?.type === "integer") return n + 2;
  if (schema?.type === "boolean") return true;
  if (schema?.type === "array") return [];
  if (schema?.type === "object") return sampleArguments(schema);
  return "text";
}

/** @returns {Record<string, unknown>} */
function sampleArguments(/** @type {any} */ { properties = {}, required = [] } = {}) {
  return Object.fromEntries(required.map((/** @type {string} */ key, /** @type {number} */ n) => [key, sample(properties[key], n)]));
}

async function create() {
  const oauth = scenario.startsWith("auth/");
  const { client_id: clientId, client_secret: clientSecret } = context;
  const { id } = await api("connection.create", {
    name: `${scenario} ${Date.now()}`.slice(-80),
    url,
    authType: oauth ? "oauth" : "none",
    credentialMode: "shared",
    access: { organization: true, membershipIds: [], teamIds: [] },
    ...(isService ? { advanced: { grantType: "client_credentials" } } : {}),
    ...(oauth && clientId ? { oauthClient: { clientId, ...(clientSecret ? { clientSecret } : {}) } } : {}),
  });
  return id;
}

/** An agent that can fill in forms: it takes every default. */
async function openAgent() {
  const client = new Client(
    { name: "conformance-agent", version: "1.0.0" },
    { capabilities: { elicitation: { form: { applyDefaults: true } } }, versionNegotiation: { mode: "auto" } },
  );
  client.setRequestHandler("elicitation/create", ({ params }) => ({
    action: "accept",
    content: "requestedSchema" in params ? /** @type {any} */ (sampleArguments(params.requestedSchema)) : {},
  }));
  const requestInit = { headers: { authorization: `Bearer ${agent}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${origin}/mcp/agent`), { requestInit }));
  return client;
}

const id = await create();
try {
  // A person whose sign-in failed presses Connect once more: by then the server may name another authorization server.
  if (scenario.startsWith("auth/") && !isService) await signIn(id).catch(() => signIn(id));
  const client = await openAgent();
  const ask = (/** @type {string} */ name, /** @type {Record<string, unknown>} */ given) => client.callTool({ name, arguments: given });
  const execute = async (/** @type {string} */ tool, /** @type {Record<string, unknown>} */ given) => {
    const result = await ask("execute_capability", { name: `mcp:${id}:${tool}`, arguments: given });
    console.log(tool, JSON.stringify(result).slice(0, 2_000));
    return result;
  };
  /** @type {any} */
  const found = await ask("search_capabilities", { query: "test tool", connection: id, limit: 20 });
  console.log(JSON.stringify(found.structuredContent).slice(0, 4_000));
  /** @type {{ name: string; inputSchema?: object }[]} */
  const matches = found.structuredContent.matches;
  const calls =
    context.toolCalls ??
    matches.map(({ name, inputSchema }) => ({ name: name.slice(`mcp:${id}:`.length), arguments: sampleArguments(inputSchema) }));
  for (const call of calls) {
    const result = await execute(call.name, call.arguments ?? {});
    // "Connect again with more access": an admin does what the answer says, and the agent tries again.
    const { error } = /** @type {any} */ (result.structuredContent ?? {});
    if (error === "reconnect_required") {
      await signIn(id);
      await execute(call.name, call.arguments ?? {});
    }
  }
  await client.close();
} finally {
  // The suite waits for the last connection to its server; deleting ends the sessions.
  await fetch(`${origin}/api/trpc/connection.remove`, { method: "POST", headers: asAdmin, body: JSON.stringify({ id }) });
}
