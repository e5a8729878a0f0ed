// A page that could not be shown: what happened, and where to go.
import { DoorClosed } from "lucide-react";

import { paths } from "#app/paths.ts";

import { ButtonLink } from "./ui/button.tsx";

const titles: Record<number, string> = {
  403: "This is for admins",
  404: "Nothing is here",
  429: "A little slower, please",
  503: "Not available right now",
};

export function Failed({ status, message }: { status: number; message: string | null }) {
  return (
    <div className="mx-auto max-w-md py-16 text-center" role="alert">
      <DoorClosed aria-hidden className="mx-auto size-10 text-faint" strokeWidth={1.5} />
      <h1 className="mt-4 text-xl font-semibold">{titles[status] ?? "Something went wrong"}</h1>
      <p className="mt-2 text-soft">{message ?? "The mistake is on our side. Try again; if it stays like this, tell whoever runs this Gatehouse."}</p>
      <p className="mt-6">
        <ButtonLink to={paths.home} look="secondary">
          Back to the start
        </ButtonLink>
      </p>
    </div>
  );
}
