// Ends the session.
import { type ActionFunctionArgs, redirect } from "@remix-run/node";

import { paths } from "#app/paths.ts";

export async function action({ context }: ActionFunctionArgs) {
  const { setCookie } = await context.auth.signOut();
  return redirect(paths.login, { headers: { "set-cookie": setCookie } });
}

export function loader() {
  return redirect(paths.home);
}
