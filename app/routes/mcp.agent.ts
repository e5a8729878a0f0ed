// The agents' door: hands the request to the endpoint of the domain.
import type { ActionFunctionArgs, LoaderFunctionArgs } from "@remix-run/node";

export const loader = ({ context, request }: LoaderFunctionArgs) => context.agent(request);
export const action = ({ context, request }: ActionFunctionArgs) => context.agent(request);
