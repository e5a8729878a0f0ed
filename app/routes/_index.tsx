// The bare address: to where this person's work is.
import { type LoaderFunctionArgs, redirect } from "@remix-run/node";

import { signedIn } from "#app/api-error.ts";
import { paths } from "#app/paths.ts";

export function loader(args: LoaderFunctionArgs) {
  const { actor } = signedIn(args);
  return redirect(actor?.role === "member" ? paths.connections : paths.adminConnections);
}
