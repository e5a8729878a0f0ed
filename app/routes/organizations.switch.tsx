// Going to another of one's organizations.
import { type ActionFunctionArgs, redirect } from "@remix-run/node";

import { orBoundary } from "#app/api-error.ts";
import { text } from "#app/form.ts";
import { paths } from "#app/paths.ts";

export const loader = () => redirect(paths.home);

export async function action({ request, context }: ActionFunctionArgs) {
  const form = await request.formData();
  await orBoundary(request, context.api.organization.switch({ id: text(form, "id") }));
  return redirect(paths.home);
}
