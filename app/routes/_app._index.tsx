// The start page leads to where there is something to do.
import { type LoaderFunctionArgs, redirect } from "@remix-run/node";

import { orBoundary } from "#app/api-error.ts";
import { paths } from "#app/paths.ts";

export async function loader({ request, context }: LoaderFunctionArgs) {
  const me = await orBoundary(request, context.api.member.me());
  if (me.role === "member") return redirect(paths.connections);
  const connections = await orBoundary(request, context.api.connection.list({ scope: "manageable" }));
  return redirect(connections.length === 0 ? paths.admin.newConnection : paths.admin.connections);
}
