// What a person sees when an agent sent their browser here with a request that cannot be answered, and must not be sent back anywhere.
import { type PlainPage, plainPage } from "#server/plain-page.ts";

type Explanation = Pick<PlainPage, "title" | "about">;

/** By the error codes of RFC 6749 section 4.1.2.1 and of what stands on it; none repeats what the request said. */
const explanations: Record<string, Explanation> = {
  invalid_client: {
    title: "This agent is not known here",
    about:
      "Its registration is gone or was never made. Sign out of Gatehouse in your agent, or remove and add it there, and start the sign-in again.",
  },
  unreadable_client: {
    title: "This agent cannot be checked",
    about:
      "Its description on its maker's website cannot be read, or does not fit this sign-in. Try again in a moment, and update your agent if it stays that way.",
  },
  invalid_redirect_uri: {
    title: "This sign-in leads somewhere else",
    about:
      "The address it wants to send you back to is not one that the agent registered, so nothing was given to it. Start the sign-in again in your agent; if a link brought you here, do not follow it again.",
  },
  invalid_target: {
    title: "This sign-in is for another server",
    about: "The agent asks for access to something that is not this Gatehouse. Check the address you gave it.",
  },
  expired: {
    title: "This sign-in is over",
    about: "It took too long, or was begun in another browser. Go back to your agent and start it again there.",
  },
};

const otherwise = {
  title: "This sign-in cannot go on",
  about: "What the agent sent is not a complete request. Update your agent, or start the sign-in again there.",
};
const ours = {
  title: "Something went wrong on our side",
  about: "Nothing you did. Start the sign-in again in a moment; if it happens again, tell whoever runs this Gatehouse when it happened.",
};

/** The page for an error code; `nonce` has to be in the policy, `reference` is the request's id. */
export function signInErrorPage(error: string, { nonce, reference }: { nonce: string; reference: string }): string {
  const explanation = error === "server_error" ? ours : (explanations[error] ?? otherwise);
  return plainPage({ isGood: false, ...explanation, reference }, nonce);
}
