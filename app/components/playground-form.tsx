// How an agent would ask: one wording or several, how many matches, of which connection, with or without schemas.
import { Form, useNavigation } from "@remix-run/react";
import { Search } from "lucide-react";

import { paths } from "#app/paths.ts";

import { Disclosure } from "./disclosure.tsx";
import { Button } from "./ui/button.tsx";
import { Field, FieldError } from "./ui/field.tsx";
import { Select } from "./ui/select.tsx";

export interface Asked {
  queries: string[];
  limit: number;
  connection: string;
  detail: "full" | "brief";
}

const maxWordings = 5;
const limits = [1, 3, 5, 10, 20];

interface PlaygroundFormProps {
  asked: Asked;
  connections: readonly { id: string; name: string }[];
  error: string | null;
}

export function PlaygroundForm({ asked, connections, error }: PlaygroundFormProps) {
  const navigation = useNavigation();
  const busy = navigation.state === "loading" && navigation.formMethod === "GET";
  const [first = "", ...more] = asked.queries;
  const chosen = connections.find(({ id, name }) => id === asked.connection || name === asked.connection);
  const places = [
    { value: "", label: "Everything you may use" },
    ...connections.map(({ id, name }) => ({ value: id, label: name })),
    ...(asked.connection && !chosen && asked.connection !== "Gatehouse" ? [{ value: asked.connection, label: asked.connection }] : []),
    { value: "Gatehouse", label: "Gatehouse itself" },
  ];
  return (
    <Form method="get" action={paths.playground} role="search" className="rounded-xl border border-line bg-surface p-4 shadow-card sm:p-5">
      <div className="flex flex-wrap items-end gap-2">
        <Field
          id="q"
          name="q"
          type="search"
          label="What should be done?"
          placeholder="create issue linear"
          maxLength={500}
          defaultValue={first}
          aria-invalid={error ? true : undefined}
          aria-describedby={error ? "q-problem" : "q-about"}
          autoComplete="off"
          className="min-w-0 grow basis-64"
        />
        <Button type="submit" kind="primary" busy={busy}>
          {!busy && <Search aria-hidden className="size-4" />}
          Search
        </Button>
      </div>
      <FieldError id="q-problem" errors={error ? [error] : []} />
      <p id="q-about" className="mt-1.5 text-xs text-muted">
        Agents are told to ask with a verb, an object and the service.
      </p>
      <Disclosure label="The same in other words" open={more.length > 0 || undefined} className="mt-2">
        <div className="grid gap-3 sm:grid-cols-2">
          {Array.from({ length: maxWordings - 1 }, (_, at) => (
            <Field
              key={at}
              id={`q-${at + 2}`}
              name="q"
              label={`Wording ${at + 2}`}
              maxLength={500}
              defaultValue={more[at] ?? ""}
              autoComplete="off"
            />
          ))}
        </div>
      </Disclosure>
      <div className="mt-3 grid gap-3 sm:grid-cols-3">
        <Select id="connection" name="connection" label="Where" options={places} defaultValue={chosen?.id ?? asked.connection} />
        <Select
          id="limit"
          name="limit"
          label="Matches"
          options={limits.map((count) => ({ value: String(count), label: String(count) }))}
          defaultValue={String(asked.limit)}
        />
        <Select
          id="detail"
          name="detail"
          label="Detail"
          options={[
            { value: "full", label: "Full, with schemas" },
            { value: "brief", label: "Brief" },
          ]}
          defaultValue={asked.detail}
        />
      </div>
    </Form>
  );
}
