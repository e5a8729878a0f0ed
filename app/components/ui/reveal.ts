// After a form was answered, brings the answer to the person: the browser keeps the scroll position, and the answer may be out of sight.
import { useEffect, useRef } from "react";

/**
 * A ref for the part of a page that holds the answer. Whenever `answer` changes, the first wrong field in it is focused, or else what is marked
 * `data-answer` is scrolled into view.
 */
export function useReveal<Element extends HTMLElement>(answer: unknown) {
  const within = useRef<Element>(null);
  useEffect(() => {
    if (answer === null || answer === undefined) return;
    const wrong = within.current?.querySelector<HTMLElement>('[aria-invalid="true"]');
    if (wrong) return wrong.focus();
    within.current?.querySelector("[data-answer]")?.scrollIntoView({ block: "nearest" });
  }, [answer]);
  return within;
}
