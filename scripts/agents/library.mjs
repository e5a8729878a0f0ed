// @ts-check
// An agent written with a library: `library.mjs ai-sdk|langchain <url> <folder of the installed packages>`. Both want an OAuth provider from their program.
import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [kind = "", url = "", folder = ""] = process.argv.slice(2);
const require = createRequire(path.join(folder, "package.json"));
/** @param {string} name @param {NodeJS.Require} [from] */
const load = (name, from = require) => import(pathToFileURL(from.resolve(name)).href);

let arrived = (/** @type {string} */ _code) => {};
const code = new Promise((resolve) => (arrived = resolve));
const callback = createServer((req, res) => {
  const given = new URL(req.url ?? "/", "http://localhost").searchParams.get("code");
  res.end("You can close this window.");
  if (given) arrived(given);
});
callback.listen(0, "127.0.0.1");
await once(callback, "listening");
const address = callback.address();
const redirectUrl = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}/callback`;

/** @type {Record<string, any>} */
const held = {};
const provider = {
  redirectUrl,
  clientMetadata: {
    client_name: kind,
    redirect_uris: [redirectUrl],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
  },
  clientInformation: () => held.client,
  saveClientInformation: (/** @type {unknown} */ client) => void (held.client = client),
  tokens: () => held.tokens,
  saveTokens: (/** @type {unknown} */ tokens) => void (held.tokens = tokens),
  codeVerifier: () => held.verifier,
  saveCodeVerifier: (/** @type {string} */ verifier) => void (held.verifier = verifier),
  redirectToAuthorization: (/** @type {URL} */ to) => console.log(`Open ${to.href}`),
};

const query = { query: "echo" };
const execution = { name: process.env.CAPABILITY, arguments: { text: "hello" } };
if (kind === "ai-sdk") {
  const { auth, createMCPClient } = await load("@ai-sdk/mcp");
  if ((await auth(provider, { serverUrl: url })) !== "AUTHORIZED") await auth(provider, { serverUrl: url, authorizationCode: await code });
  const client = await createMCPClient({ transport: { type: "http", url, authProvider: provider } });
  const tools = await client.tools();
  for (const [name, input] of Object.entries({ search_capabilities: query, execute_capability: execution }))
    console.log(JSON.stringify(await tools[name].execute(input, { messages: [], toolCallId: name })));
  await client.close();
} else {
  const adapters = require.resolve("@langchain/mcp-adapters");
  const { auth } = await load("@modelcontextprotocol/sdk/client/auth.js", createRequire(adapters));
  if ((await auth(provider, { serverUrl: url })) !== "AUTHORIZED") await auth(provider, { serverUrl: url, authorizationCode: await code });
  const { MultiServerMCPClient } = await load("@langchain/mcp-adapters");
  const client = new MultiServerMCPClient({ mcpServers: { gatehouse: { transport: "http", url, authProvider: provider } } });
  const tools = await client.getTools();
  for (const [name, input] of Object.entries({ search_capabilities: query, execute_capability: execution }))
    console.log(JSON.stringify(await tools.find((/** @type {{ name: string }} */ tool) => tool.name === name).invoke(input)));
  await client.close();
}
callback.close();
callback.closeAllConnections();
