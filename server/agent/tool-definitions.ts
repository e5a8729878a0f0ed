// The two tools as an agent reads them. Fixed parts are built once; only the overview at the end of the search description is the caller's own.
import type { JSONObject, ListToolsResult } from "@modelcontextprotocol/server";

import type { UsableConnection } from "#server/grants/access.ts";
import { maxResultTokens } from "#server/search/fit-matches.ts";

/** What the handshake says of Gatehouse. */
export const serverCapabilities = { tools: {} };

export const serverInfo = { name: "gatehouse", title: "Gatehouse", version: "1.0.0" };

export const instructions = `Gatehouse is the one door to your organization's tools. It has two tools of its own.
1. search_capabilities first. Ask with a verb, an object and the service ("create issue linear"), and with two to four wordings at once where you are not sure: "query" takes several. Where you know the service, name it in "connection". "detail": "brief" looks around for few tokens; then search for the one tool by its name with "limit": 1 to get its schema. Search again in other words before you conclude that something does not exist.
2. execute_capability with the exact "name" of a match and arguments that fit its inputSchema.
A row in "connections" with the state needs_connection or reconnect_required means that a person has to act: give them its message and its link, then go on once they are done.
If one service fails, that service is the problem: never ask anybody to reconnect Gatehouse itself.`;

const searchDescription = `Finds tools of the connected services. Returns each match with its exact name, signature and input schema, ready for execute_capability. Words that describe the task work best: verb + object + service, not the values ("create issue linear", not the issue's text). Several wordings at once find more than one: "query": ["create ticket linear", "file a bug"]. Too much or the wrong service: narrow with "connection" and "limit". Only looking around: "detail": "brief" leaves the schemas out, which is about half the tokens; the signature is often enough to execute. "tokens" says what an answer cost, ${maxResultTokens.full.toLocaleString("en")} at the most (brief: ${maxResultTokens.brief.toLocaleString("en")}).`;

const phrase: JSONObject = { type: "string", minLength: 1, maxLength: 500 };
const queryForms: JSONObject[] = [phrase, { type: "array", items: phrase, minItems: 1, maxItems: 5 }];

const searchInputSchema = {
  type: "object" as const,
  properties: {
    query: {
      anyOf: queryForms,
      description:
        'What to do, in a few words: verb, object, service. Example: "list unpaid invoices stripe". Or up to 5 such phrases for one wish.',
    },
    limit: {
      type: "integer",
      minimum: 1,
      maximum: 20,
      default: 5,
      description: "How many matches to return; 1 for a tool whose name you know.",
    },
    connection: { type: "string", description: 'Only this connection, by its name or id. Example: "Linear".' },
    detail: {
      type: "string",
      enum: ["full", "brief"],
      default: "full",
      description: "brief: names, descriptions and signatures alone. full: with the schemas.",
    },
  },
  required: ["query"],
};

const searchOutputSchema = {
  type: "object" as const,
  properties: {
    matches: {
      type: "array",
      items: {
        type: "object",
        properties: {
          name: { type: "string" },
          connection: { type: "string" },
          title: { type: "string" },
          description: { type: "string" },
          score: { type: "number" },
          access: { type: "string", enum: ["read", "write"] },
          signature: { type: "string" },
          inputSchema: { type: "object" },
          outputSchema: { type: "object" },
          schemaDigest: { type: "string" },
          available: { type: "boolean" },
          reason: { type: "string" },
          action: { type: "object", properties: { label: { type: "string" }, url: { type: "string" } }, required: ["label", "url"] },
        },
        required: ["name", "connection", "title", "description", "score", "access", "signature", "schemaDigest", "available"],
      },
    },
    connections: {
      type: "array",
      items: {
        type: "object",
        properties: {
          id: { type: "string" },
          name: { type: "string" },
          state: { type: "string", enum: ["needs_connection", "reconnect_required", "unreachable", "disabled", "stale"] },
          message: { type: "string" },
          actor: { type: "string", enum: ["member", "organization_admin", "provider"] },
          action: { type: "object", properties: { label: { type: "string" }, url: { type: "string" } }, required: ["label", "url"] },
        },
        required: ["id", "name", "state", "message", "actor", "action"],
      },
    },
    unmatchedTerms: { type: "array", items: { type: "string" } },
    hint: { type: "string" },
    complete: { type: "boolean" },
    asOf: { type: "string" },
    tokens: { type: "integer" },
  },
  required: ["matches", "connections", "complete", "asOf"],
};

const executeTool = {
  name: "execute_capability",
  title: "Execute a capability",
  description: `Runs one tool found with search_capabilities and returns its result unchanged. "name" is the exact name of a match. "mcp:<connectionId>:*" returns the live state of that connection. Several independent calls go faster in one request: "calls": [{ "name", "arguments" }] instead of "name". On an error the answer says what to do and who has to act.`,
  // Either name or calls is required; that is not said here, because model providers refuse a tool whose schema has alternatives at its root.
  inputSchema: {
    type: "object" as const,
    properties: {
      name: {
        type: "string",
        minLength: 1,
        maxLength: 400,
        description: "The exact name of a match, for example mcp:abc123def456:create_page.",
      },
      arguments: { type: "object", description: "Arguments that fit the match's inputSchema." },
      schemaDigest: {
        type: "string",
        description: "The match's schemaDigest. Optional: it lets Gatehouse tell you when the schema changed since.",
      },
      calls: {
        type: "array",
        minItems: 1,
        maxItems: 20,
        description: "Several calls at once, instead of name: each is answered in the order asked for, with its own result or error.",
        items: {
          type: "object",
          properties: { name: { type: "string" }, arguments: { type: "object" }, schemaDigest: { type: "string" } },
          required: ["name"],
        },
      },
    },
  },
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
};

const maxOverviewRows = 30;

/** "Notion (24), Linear (31), GitHub (not connected yet)": agents search better when they know what is there. */
function overviewOf(connections: readonly UsableConnection[]): string {
  if (connections.length === 0) return "No connection is available to you yet.";
  const words = {
    ready: "",
    stale: ", not answering right now",
    disabled: "switched off by an admin",
    needs_connection: "not connected yet",
    reconnect_required: "has to be connected again",
    unreachable: "not answering right now",
  };
  const rows = connections.slice(0, maxOverviewRows).map(({ name, toolCount, state }) => {
    const usable = state.name === "ready" || state.name === "stale";
    return `${name} (${usable ? `${toolCount}${words[state.name]}` : words[state.name]})`;
  });
  const more = connections.length - rows.length;
  return `Connected services with their number of tools: ${rows.join(", ")}${more > 0 ? ` and ${more} more` : ""}.`;
}

/** The answer to tools/list for a caller with these connections: always the same two tools in the same order. */
export function toolList(connections: readonly UsableConnection[]): ListToolsResult["tools"] {
  const searchTool = {
    name: "search_capabilities",
    title: "Search capabilities",
    description: `${searchDescription}\n\n${overviewOf(connections)}`,
    inputSchema: searchInputSchema,
    outputSchema: searchOutputSchema,
    annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  };
  return [searchTool, executeTool];
}
