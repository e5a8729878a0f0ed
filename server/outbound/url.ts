// The URL a person enters for a connection: what it may look like, said before anything is sent.
import { badInput } from "#server/errors.ts";

import { kindOfAddress } from "./address.ts";
import { literalAddress } from "./guard.ts";

/** Names of query parameters that hold a credential, written without - _ . and in lower case. */
const credentialName =
  /^(x?api|access|secret|private|subscription|client|app|auth|account|service|user|license|ocpapimsubscription)?key$|(token|secret|password|passwd|passphrase|credentials?|signature)$|^(auth|authorization|bearer|jwt|pwd|pass|pat|sig|apikeyid|sessionid)$/;

function looksLikeCredential(name: string): boolean {
  return credentialName.test(name.toLowerCase().replace(/[-_.\s]/g, ""));
}

/** The parsed URL of a connection. Throws BAD_INPUT naming `url`, with what to do. */
export function checkUpstreamUrl(raw: string, { allowPrivate }: { allowPrivate: boolean }): URL {
  const refuse = (message: string) => badInput("url", message);
  if (raw.length > 2_048) throw refuse("The URL is too long (2,048 characters at most).");
  if (!URL.canParse(raw)) throw refuse("This is not a URL. Enter it whole, for example https://mcp.example.com/mcp.");
  const url = new URL(raw);
  if (url.protocol !== "https:" && url.protocol !== "http:") throw refuse("The URL must begin with https://.");
  if (url.protocol === "http:" && !allowPrivate) {
    throw refuse("Use https. Plain http is only for private networks, where the operator sets ALLOW_PRIVATE_UPSTREAMS=1.");
  }
  if (url.username || url.password) throw refuse("Remove the user name and password from the URL; enter the secret as an API key instead.");
  if (raw.includes("#")) throw refuse("Remove the part after # from the URL.");
  const named = [...url.searchParams.keys()].find(looksLikeCredential);
  if (named !== undefined) throw refuse(`Remove "${named.slice(0, 40)}" from the URL and enter it as an API key: URLs end up in logs.`);
  const literal = literalAddress(url);
  const kind = literal === null ? "public" : kindOfAddress(literal);
  if (kind === "never")
    throw refuse("This address is reserved (link-local, cloud metadata or multicast) and is never called. Use another one.");
  if (kind === "private" && !allowPrivate) {
    throw refuse("This address is private or reserved. The operator can allow private networks with ALLOW_PRIVATE_UPSTREAMS=1.");
  }
  return url;
}
