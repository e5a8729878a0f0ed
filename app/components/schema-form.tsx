// The fields of a tool, made from its input schema. All its words are shown as text.
import { Disclosure } from "./disclosure.tsx";
import type { Option, SchemaField } from "./schema-fields.ts";
import { type Errors, inputName, jsonName, type Values } from "./schema-values.ts";
import { Field, FieldError, TextArea } from "./ui/field.tsx";
import { Select } from "./ui/select.tsx";

interface Shared {
  errors: Errors;
  values: Values;
}

/** Optional fields that are shown at once; more of them unfold. */
const shownOptional = 4;

const textHints = { list: "One in each line.", json: "As JSON." };

function Control({ field, errors, values }: { field: Exclude<SchemaField, { kind: "group" }> } & Shared) {
  const { id, name, description, required } = field;
  const wrong = errors[id];
  const [value = ""] = values[id] ?? [];
  const tied = {
    id,
    name: inputName(field),
    label: name,
    errors: wrong,
    "aria-required": required || undefined,
    "aria-invalid": wrong ? true : undefined,
  } as const;
  const marked = { ...tied, label: required ? `${name} (required)` : name, hint: description };
  switch (field.kind) {
    case "text":
      return field.long ? (
        <TextArea {...marked} rows={4} defaultValue={value} />
      ) : (
        <Field {...marked} type={field.secret ? "password" : "text"} autoComplete="off" spellCheck={false} defaultValue={value} />
      );
    case "number":
      return <Field {...marked} inputMode={field.integer ? "numeric" : "decimal"} autoComplete="off" defaultValue={value} />;
    case "list":
    case "json":
      return <TextArea {...marked} hint={`${textHints[field.kind]} ${description}`} rows={3} spellCheck={false} defaultValue={value} />;
    case "boolean":
    case "choice": {
      const yesNo: Option[] = [
        { value: "true", label: "Yes" },
        { value: "false", label: "No" },
      ];
      const options = [{ value: "", label: required ? "Choose" : "Not set" }, ...(field.kind === "boolean" ? yesNo : field.options)];
      return <Select {...marked} options={options} defaultValue={value} />;
    }
    case "choices":
      return (
        <fieldset aria-describedby={wrong ? `${id}-error` : undefined}>
          <legend className="mb-1.5 font-medium break-words">{marked.label}</legend>
          <div className="flex flex-wrap gap-x-4 gap-y-2">
            {field.options.map((option) => (
              <label key={option.value} className="flex min-w-0 items-center gap-2">
                <input
                  type="checkbox"
                  name={tied.name}
                  value={option.value}
                  defaultChecked={values[id]?.includes(option.value)}
                  className="size-4 shrink-0 accent-accent"
                />
                <span className="min-w-0 break-words">{option.label}</span>
              </label>
            ))}
          </div>
          <FieldError id={`${id}-error`} errors={wrong} />
          {description && <p className="mt-1.5 text-xs break-words text-muted">{description}</p>}
        </fieldset>
      );
  }
}

/** Whether something within has a value or is wrong, so that it must not be folded away. */
function isTouched(field: SchemaField, { errors, values }: Shared): boolean {
  if (field.kind === "group") return field.fields.some((inner) => isTouched(inner, { errors, values }));
  return errors[field.id] !== undefined || values[field.id] !== undefined;
}

export function SchemaForm({ fields, errors, values }: { fields: readonly SchemaField[] } & Shared) {
  const needed = fields.filter(({ required }) => required);
  const optional = fields.filter(({ required }) => !required);
  const first = optional.length <= shownOptional + 1 ? optional : optional.slice(0, Math.max(0, shownOptional - needed.length));
  const folded = optional.slice(first.length);
  const shown = (list: readonly SchemaField[]) =>
    list.map((field) =>
      field.kind === "group" ? (
        <fieldset key={field.id} className="rounded-lg border border-line p-3 sm:p-4">
          <legend className="px-1 font-medium break-words">{field.required ? `${field.name} (required)` : field.name}</legend>
          {field.description && <p className="mb-3 text-xs break-words text-muted">{field.description}</p>}
          <SchemaForm fields={field.fields} errors={errors} values={values} />
        </fieldset>
      ) : (
        <Control key={field.id} field={field} errors={errors} values={values} />
      ),
    );
  return (
    <div className="space-y-4 wrap-anywhere">
      {shown(needed)}
      {shown(first)}
      {folded.length > 0 && (
        <Disclosure
          label={folded.length === 1 ? "1 more, optional" : `${folded.length} more, all optional`}
          open={folded.some((field) => isTouched(field, { errors, values })) || undefined}
        >
          <div className="space-y-4">{shown(folded)}</div>
        </Disclosure>
      )}
    </div>
  );
}

/** All arguments in one field. */
export function JsonForm({ skeleton, errors, values }: { skeleton: string } & Shared) {
  const wrong = errors[jsonName];
  return (
    <TextArea
      id="arguments-json"
      name={jsonName}
      label="Arguments as JSON"
      hint="One object, as an agent would send it."
      errors={wrong}
      rows={Math.min(16, Math.max(5, skeleton.split("\n").length + 1))}
      spellCheck={false}
      defaultValue={values[jsonName]?.[0] ?? skeleton}
    />
  );
}
