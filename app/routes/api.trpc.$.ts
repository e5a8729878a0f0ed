// The machine interface: tRPC over HTTP.
import type { ActionFunctionArgs, LoaderFunctionArgs } from "@remix-run/node";

export const loader = ({ request, context }: LoaderFunctionArgs) => context.trpcFetch(request);
export const action = ({ request, context }: ActionFunctionArgs) => context.trpcFetch(request);
