// What the official suite wants a server to offer: tools, resources and prompts by its own descriptions. The words in it are the suite's.
import { setTimeout } from "node:timers/promises";

import {
  type CallToolResult,
  CLIENT_CAPABILITIES_META_KEY,
  createRequestStateCodec,
  type ElicitRequestFormParams,
  type GetPromptResult,
  inputRequired,
  type InputRequiredResult,
  LOG_LEVEL_META_KEY,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
  type ReadResourceResult,
  Server,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { z } from "zod";

const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
const wav = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";
/** Milliseconds that a question in the middle of a call waits for its answer. */
const askMs = 5_000;
const states = createRequestStateCodec<{ round: number }>({ key: crypto.getRandomValues(new Uint8Array(32)) });

const text = (words: string): CallToolResult => ({ content: [{ type: "text", text: words }] });
const image = { type: "image" as const, data: png, mimeType: "image/png" };

const form = (message: string, field: string) =>
  inputRequired.elicit({ message, requestedSchema: { type: "object", properties: { [field]: { type: "string" } }, required: [field] } });
const confirmation = inputRequired.elicit({
  message: "Please confirm",
  requestedSchema: { type: "object", properties: { ok: { type: "boolean" } }, required: ["ok"] },
});
const sampling = (words: string, maxTokens: number) =>
  inputRequired.createMessage({ messages: [{ role: "user", content: { type: "text", text: words } }], maxTokens });

const accepted = z.object({ action: z.literal("accept"), content: z.record(z.string(), z.unknown()) });
const answered = ({ mcpReq }: ServerContext, key: string): boolean => mcpReq.inputResponses?.[key] !== undefined;
/** The field of an accepted form; undefined where the answer is missing or is none. */
function given({ mcpReq }: ServerContext, key: string, field: string): string | undefined {
  const value = accepted.safeParse(mcpReq.inputResponses?.[key]).data?.content[field];
  return value === undefined ? undefined : String(value);
}

const declared = ({ mcpReq }: ServerContext): Record<string, unknown> =>
  z.object({ [CLIENT_CAPABILITIES_META_KEY]: z.record(z.string(), z.unknown()) }).safeParse(mcpReq.envelope).data?.[
    CLIENT_CAPABILITIES_META_KEY
  ] ?? {};

/** 2025-11-25: asks in the middle of the call. What the person answered, as the suite wants it said. */
async function elicited({ mcpReq }: ServerContext, message: string, requestedSchema: ElicitRequestFormParams["requestedSchema"]) {
  const { action, content } = await mcpReq.elicitInput({ message, requestedSchema }, { timeout: askMs });
  return text(`Elicitation completed: action=${action}, content=${JSON.stringify(content ?? {})}`);
}

type Run = (context: ServerContext) => CallToolResult | InputRequiredResult | Promise<CallToolResult | InputRequiredResult>;

async function logged(context: ServerContext, lines: readonly string[]): Promise<void> {
  // 2026-07-28: log lines only for a request that named a level; an older client gets all of them, for no level is kept.
  const isModern = context.mcpReq.envelope !== undefined;
  const wants = !isModern || context.mcpReq._meta?.[LOG_LEVEL_META_KEY] !== undefined;
  for (const data of lines) {
    if (wants) await context.mcpReq.notify({ method: "notifications/message", params: { level: "info", data } });
    await setTimeout(50);
  }
}

const tools: Record<string, Run> = {
  test_simple_text: () => text("This is a simple text response for testing."),
  test_image_content: () => ({ content: [image] }),
  test_audio_content: () => ({ content: [{ type: "audio", data: wav, mimeType: "audio/wav" }] }),
  test_embedded_resource: () => ({
    content: [
      {
        type: "resource",
        resource: { uri: "test://embedded-resource", mimeType: "text/plain", text: "This is an embedded resource content." },
      },
    ],
  }),
  test_multiple_content_types: () => ({
    content: [
      { type: "text", text: "Multiple content types test:" },
      image,
      {
        type: "resource",
        resource: { uri: "test://mixed-content-resource", mimeType: "application/json", text: '{"test":"data","value":123}' },
      },
    ],
  }),
  test_error_handling: () => ({ isError: true, ...text("This tool intentionally returns an error for testing") }),
  test_tool_with_logging: async (context) => {
    await logged(context, ["Tool execution started", "Tool processing data", "Tool execution completed"]);
    return text("Logged.");
  },
  test_logging_tool: async (context) => {
    await logged(context, ["A line nobody asked for"]);
    return text("Done.");
  },
  test_tool_with_progress: async ({ mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken;
    for (const progress of [0, 50, 100]) {
      if (progressToken !== undefined)
        await mcpReq.notify({ method: "notifications/progress", params: { progressToken, progress, total: 100 } });
      await setTimeout(50);
    }
    return text("Done.");
  },
  test_sampling: async ({ mcpReq }) => {
    const messages = [{ role: "user" as const, content: { type: "text" as const, text: "Say something." } }];
    const { content } = await mcpReq.requestSampling({ messages, maxTokens: 100 }, { timeout: askMs });
    return text(`LLM response: ${JSON.stringify(content)}`);
  },
  test_elicitation: (context) =>
    elicited(context, "Who are you?", {
      type: "object",
      properties: {
        username: { type: "string", description: "User's response" },
        email: { type: "string", description: "User's email address" },
      },
      required: ["username", "email"],
    }),
  test_elicitation_sep1034_defaults: (context) =>
    elicited(context, "Defaults", {
      type: "object",
      properties: {
        name: { type: "string", default: "John Doe" },
        age: { type: "integer", default: 30 },
        score: { type: "number", default: 95.5 },
        status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" },
        verified: { type: "boolean", default: true },
      },
    }),
  test_elicitation_sep1330_enums: (context) =>
    elicited(context, "Choices", {
      type: "object",
      properties: {
        untitledSingle: { type: "string", enum: ["option1", "option2", "option3"] },
        titledSingle: {
          type: "string",
          oneOf: [
            { const: "value1", title: "First Option" },
            { const: "value2", title: "Second Option" },
          ],
        },
        legacyEnum: { type: "string", enum: ["opt1", "opt2", "opt3"], enumNames: ["Option One", "Option Two", "Option Three"] },
        untitledMulti: { type: "array", items: { type: "string", enum: ["option1", "option2", "option3"] } },
        titledMulti: {
          type: "array",
          items: {
            anyOf: [
              { const: "value1", title: "First Choice" },
              { const: "value2", title: "Second Choice" },
            ],
          },
        },
      },
    }),
  test_missing_capability: (context) => {
    if (!("sampling" in declared(context))) throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { sampling: {} } });
    return text("It is declared.");
  },
  test_streaming_elicitation: (context) => {
    const name = given(context, "name", "name");
    return name === undefined ? inputRequired({ inputRequests: { name: form("What is your name?", "name") } }) : text(name);
  },
  test_input_required_result_elicitation: (context) => {
    const name = given(context, "user_name", "name");
    if (name === undefined) return inputRequired({ inputRequests: { user_name: form("What is your name?", "name") } });
    return text(`Hello, ${name}!`);
  },
  test_input_required_result_sampling: (context) =>
    answered(context, "capital_question")
      ? text(JSON.stringify(context.mcpReq.inputResponses?.capital_question))
      : inputRequired({ inputRequests: { capital_question: sampling("What is the capital of France?", 100) } }),
  test_input_required_result_list_roots: (context) =>
    answered(context, "client_roots")
      ? text(JSON.stringify(context.mcpReq.inputResponses?.client_roots))
      : inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } }),
  test_input_required_result_request_state: async (context) =>
    answered(context, "confirm") && context.mcpReq.requestState() !== undefined
      ? text("state-ok")
      : inputRequired({
          inputRequests: { confirm: confirmation },
          requestState: await states.mint({ round: 1 }, context),
        }),
  test_input_required_result_tampered_state: async (context) =>
    context.mcpReq.requestState() === undefined
      ? inputRequired({
          inputRequests: { confirm: confirmation },
          requestState: await states.mint({ round: 1 }, context),
        })
      : text("state-ok"),
  test_input_required_result_multiple_inputs: async (context) =>
    ["user_name", "greeting", "client_roots"].every((key) => answered(context, key)) && context.mcpReq.requestState() !== undefined
      ? text("All answered.")
      : inputRequired({
          inputRequests: {
            user_name: form("What is your name?", "name"),
            greeting: sampling("Generate a greeting", 50),
            client_roots: inputRequired.listRoots(),
          },
          requestState: await states.mint({ round: 1 }, context),
        }),
  test_input_required_result_multi_round: async (context) => {
    const { round } = context.mcpReq.requestState<{ round: number }>() ?? { round: 0 };
    if (round === 2 && answered(context, "step2")) return text("All rounds done.");
    const next = round === 1 && answered(context, "step1") ? 2 : 1;
    const question = next === 2 ? form("Step 2: What is your favorite color?", "color") : form("Step 1: What is your name?", "name");
    return inputRequired({ inputRequests: { [`step${next}`]: question }, requestState: await states.mint({ round: next }, context) });
  },
  test_input_required_result_capabilities: (context) => {
    const capabilities = declared(context);
    return inputRequired({
      inputRequests: {
        ...("elicitation" in capabilities ? { name: form("What is your name?", "name") } : {}),
        ...("sampling" in capabilities ? { greeting: sampling("Generate a greeting", 50) } : {}),
      },
    });
  },
};

const resources = [
  { uri: "test://static-text", name: "static-text", description: "A text.", mimeType: "text/plain" },
  { uri: "test://static-binary", name: "static-binary", description: "An image.", mimeType: "image/png" },
  { uri: "test://watched-resource", name: "watched-resource", description: "Something to watch.", mimeType: "text/plain" },
];

function read(uri: string): ReadResourceResult {
  const [, id] = /^test:\/\/template\/([^/]+)\/data$/.exec(uri) ?? [];
  const data = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` });
  if (id !== undefined) return { contents: [{ uri, mimeType: "application/json", text: data }] };
  if (uri === "test://static-text")
    return { contents: [{ uri, mimeType: "text/plain", text: "This is the content of the static text resource." }] };
  if (uri === "test://static-binary") return { contents: [{ uri, mimeType: "image/png", blob: png }] };
  if (uri === "test://watched-resource") return { contents: [{ uri, mimeType: "text/plain", text: "Watched." }] };
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, "Resource not found", { uri });
}

const argument = (name: string) => ({ name, description: `The ${name}.`, required: true });
const prompts = [
  { name: "test_simple_prompt", description: "A simple prompt." },
  { name: "test_prompt_with_arguments", description: "A prompt with arguments.", arguments: [argument("arg1"), argument("arg2")] },
  { name: "test_prompt_with_embedded_resource", description: "A prompt with a resource.", arguments: [argument("resourceUri")] },
  { name: "test_prompt_with_image", description: "A prompt with an image." },
  { name: "test_input_required_result_prompt", description: "A prompt that asks first." },
];

const says = (...content: GetPromptResult["messages"][number]["content"][]): GetPromptResult => ({
  messages: content.map((one) => ({ role: "user", content: one })),
});

function prompt(name: string, values: Record<string, string>, context: ServerContext): GetPromptResult | InputRequiredResult {
  const words = (said: string) => ({ type: "text" as const, text: said });
  switch (name) {
    case "test_simple_prompt":
      return says(words("This is a simple prompt for testing."));
    case "test_prompt_with_arguments":
      return says(words(`Prompt with arguments: arg1='${values.arg1}', arg2='${values.arg2}'`));
    case "test_prompt_with_embedded_resource":
      return says(
        {
          type: "resource",
          resource: { uri: values.resourceUri ?? "", mimeType: "text/plain", text: "Embedded resource content for testing." },
        },
        words("Please process the embedded resource above."),
      );
    case "test_prompt_with_image":
      return says(image, words("Please analyze the image above."));
    case "test_input_required_result_prompt":
      return answered(context, "user_context")
        ? says(words(`Context: ${given(context, "user_context", "context")}`))
        : inputRequired({ inputRequests: { user_context: form("What context should the prompt use?", "context") } });
    default:
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown prompt: ${name}`);
  }
}

/** A server with everything the suite asks for, for one request. */
export function fixtureServer(): Server {
  const capabilities = { tools: {}, resources: { subscribe: true }, prompts: {}, completions: {}, logging: {} };
  const server = new Server({ name: "fixtures", version: "1.0.0" }, { capabilities, requestState: { verify: states.verify } });
  const shown = Object.keys(tools).map((name) => ({
    name,
    description: `The suite's ${name}.`,
    inputSchema: { type: "object" as const, properties: {} },
  }));
  server.setRequestHandler("tools/list", () => ({ tools: shown }));
  server.setRequestHandler("tools/call", ({ params }, context) => {
    const run = Object.hasOwn(tools, params.name) ? tools[params.name] : undefined;
    if (!run) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${params.name}`);
    return run(context);
  });
  server.setRequestHandler("resources/list", () => ({ resources }));
  server.setRequestHandler("resources/templates/list", () => ({
    resourceTemplates: [
      { uriTemplate: "test://template/{id}/data", name: "template", description: "Data by id.", mimeType: "application/json" },
    ],
  }));
  server.setRequestHandler("resources/read", ({ params }) => read(params.uri));
  server.setRequestHandler("resources/subscribe", () => ({}));
  server.setRequestHandler("resources/unsubscribe", () => ({}));
  server.setRequestHandler("prompts/list", () => ({ prompts }));
  server.setRequestHandler("prompts/get", ({ params }, context) => prompt(params.name, params.arguments ?? {}, context));
  server.setRequestHandler("completion/complete", () => ({ completion: { values: [], total: 0, hasMore: false } }));
  server.setRequestHandler("logging/setLevel", () => ({}));
  return server;
}
