// The way back above a page.
import { Link } from "@remix-run/react";
import { ArrowLeft } from "lucide-react";

export function BackLink({ to, children }: { to: string; children: string }) {
  return (
    <Link to={to} className="mb-3 -ml-1 inline-flex items-center gap-1.5 rounded px-1 text-muted hover:text-ink">
      <ArrowLeft aria-hidden className="size-4" />
      {children}
    </Link>
  );
}
