// Step by step: making an OAuth app of the organization's own, for providers that register none by themselves.
import { ExternalLink } from "lucide-react";
import type { ReactNode } from "react";

import type { OwnApp } from "#server/connections/presets.ts";

import { ClientFields } from "./auth-fields.tsx";
import { CopyLine } from "./ui/copy.tsx";
import { FieldError } from "./ui/field.tsx";

function Step({ title, children }: { title: string; children: ReactNode }) {
  return (
    <li className="relative border-l-2 border-line pb-5 pl-6 last:border-transparent last:pb-0 [counter-increment:step] before:absolute before:top-0 before:-left-[0.8rem] before:grid before:size-6 before:place-items-center before:rounded-full before:bg-accent-soft before:text-xs before:font-semibold before:text-accent-ink before:content-[counter(step)]">
      <h3 className="mb-1.5 font-medium">{title}</h3>
      {children}
    </li>
  );
}

interface OwnAppGuideProps {
  ownApp: OwnApp;
  scopes: readonly string[];
  errors: Record<string, string[]>;
  callbackUrl: string;
}

export function OwnAppGuide({ ownApp: { url, make, redirect, copy }, scopes, errors, callbackUrl }: OwnAppGuideProps) {
  return (
    <section aria-labelledby="own-app" className="rounded-lg border border-line p-4">
      <h2 id="own-app" className="font-semibold">
        First, an OAuth app of your own
      </h2>
      <p className="mt-1 mb-4 text-muted">This provider lets no application in that it does not know, so you make one there. Once.</p>
      <FieldError errors={errors.oauthClient} />
      <ol className="ml-3 [counter-reset:step]">
        <Step title="Make the app">
          <p className="text-muted">{make}</p>
          {url && (
            <a href={url} target="_blank" rel="noreferrer" className="mt-1.5 inline-flex items-center gap-1 font-medium underline">
              Open {new URL(url).host}
              <ExternalLink aria-hidden className="size-3.5" />
              <span className="sr-only">(in a new tab)</span>
            </a>
          )}
        </Step>
        <Step title="Give it this redirect URL">
          <p className="mb-1.5 text-muted">{redirect}</p>
          <CopyLine text={callbackUrl} what="redirect URL" />
        </Step>
        {scopes.length > 0 && (
          <Step title="Allow these scopes">
            <CopyLine text={scopes.join(" ")} what="scopes" />
          </Step>
        )}
        <Step title="Copy its client ID and secret">
          <p className="mb-3 text-muted">{copy}</p>
          <ClientFields errors={errors} demanded />
        </Step>
      </ol>
    </section>
  );
}
