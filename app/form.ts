// Reading submitted forms.
import type { AccessInput } from "#server/connections/schema.ts";

/** A text field; empty when it is missing or a file. */
export function text(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
}

/** A text field that may be left out: undefined when it is empty. */
export function optionalText(form: FormData, name: string): string | undefined {
  return text(form, name).trim() || undefined;
}

/** All values of a field that may be there several times. */
export function texts(form: FormData, name: string): string[] {
  return form.getAll(name).filter((value) => typeof value === "string");
}

/** What the access picker sends. */
export function accessOf(form: FormData): AccessInput {
  if (form.get("organization") === "on") return { organization: true, membershipIds: [], teamIds: [] };
  return { organization: false, membershipIds: texts(form, "membershipIds"), teamIds: texts(form, "teamIds") };
}
