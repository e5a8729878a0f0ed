// The machine interface over HTTP.
import type { ActionFunctionArgs, LoaderFunctionArgs } from "@remix-run/node";

export const loader = ({ context, request }: LoaderFunctionArgs) => context.trpcFetch(request);
export const action = ({ context, request }: ActionFunctionArgs) => context.trpcFetch(request);
