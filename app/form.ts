// Reading submitted forms.

/** A text field; empty when it is missing or a file. */
export function text(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
}

/** A text field that may be left out: undefined when it is empty. */
export function optionalText(form: FormData, name: string): string | undefined {
  return text(form, name).trim() || undefined;
}
