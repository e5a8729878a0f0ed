// The tools of one connection, for somebody who may use it.
import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Link, useLoaderData } from "@remix-run/react";
import { ArrowLeft } from "lucide-react";

import { orBoundary } from "#app/api-error.ts";
import { PageHeader } from "#app/components/page-header.tsx";
import { ToolList } from "#app/components/tool-list.tsx";
import { Card } from "#app/components/ui/card.tsx";
import { paths } from "#app/paths.ts";

export const meta: MetaFunction<typeof loader> = ({ data }) => [{ title: `Tools of ${data?.name ?? "a connection"} - Gatehouse` }];

export function loader({ request, params, context: { api } }: LoaderFunctionArgs) {
  return orBoundary(request, api.connection.tools({ id: params.id ?? "" }));
}

export default function ConnectionTools() {
  const { name, tools } = useLoaderData<typeof loader>();
  return (
    <>
      <Link to={paths.connections} className="mb-3 inline-flex items-center gap-1.5 text-muted hover:text-ink">
        <ArrowLeft aria-hidden className="size-3.5" />
        Your connections
      </Link>
      <PageHeader title={name} about="What your agents can find and run here. Running a tool takes a token with read and write." />
      <Card className="p-4 sm:p-5">
        {tools.length > 0 ? <ToolList tools={tools} since={null} /> : <p className="text-muted">No tools are listed.</p>}
      </Card>
    </>
  );
}
