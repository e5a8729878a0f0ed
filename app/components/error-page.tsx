// What a person sees instead of a page that could not be shown.
import { isRouteErrorResponse, useRouteError } from "@remix-run/react";
import { DoorClosed, Lock, TriangleAlert } from "lucide-react";

import { paths } from "#app/paths.ts";

import { ButtonLink } from "./ui/button.tsx";

function explain(error: unknown) {
  if (isRouteErrorResponse(error)) {
    const said = typeof error.data === "string" && error.statusText === error.statusText.toUpperCase() ? error.data : null;
    if (error.status === 404)
      return { Icon: DoorClosed, title: "There is nothing here", about: said ?? "This page does not exist, or it was moved." };
    if (error.status === 403)
      return {
        Icon: Lock,
        title: "This is for admins",
        about: said ?? "Your role does not allow this. Ask an admin of your organization.",
      };
    if (error.status < 500 && said) return { Icon: TriangleAlert, title: "That did not work", about: said };
  }
  return {
    Icon: TriangleAlert,
    title: "Something went wrong on our side",
    about: "Nothing you did. Try again in a moment; if it happens again, tell whoever runs this Gatehouse when it happened.",
  };
}

export function ErrorPage() {
  const { Icon, title, about } = explain(useRouteError());
  return (
    <div className="mx-auto max-w-md py-16 text-center" role="alert">
      <span aria-hidden className="mx-auto grid size-12 place-items-center rounded-2xl bg-sunken text-muted">
        <Icon className="size-6" />
      </span>
      <h1 className="mt-5 text-xl font-semibold tracking-tight">{title}</h1>
      <p className="mt-2 text-base text-pretty text-muted">{about}</p>
      <div className="mt-6 flex justify-center gap-2">
        <ButtonLink to={paths.home} kind="primary">
          Go to the start page
        </ButtonLink>
      </div>
    </div>
  );
}
