// The agents' door: every method of /mcp/agent.
import type { ActionFunctionArgs, LoaderFunctionArgs } from "@remix-run/node";

export const loader = ({ request, context }: LoaderFunctionArgs) => context.agent(request);
export const action = ({ request, context }: ActionFunctionArgs) => context.agent(request);
