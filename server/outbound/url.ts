// The URL a person enters for a connection: what it may look like, said field by field before anything is sent.
import { isIP } from "node:net";

import { badInput } from "#server/errors.ts";

import { isAllowedAddress } from "./address.ts";

const credentialName = /^(api[-_]?key|key|token|access[-_]?token|auth|authorization|secret|client[-_]?secret|password|passwd|pwd|sig|signature|bearer)$/i;

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
  if (url.hash || raw.includes("#")) throw refuse("Remove the part after # from the URL.");
  const named = [...url.searchParams.keys()].find((name) => credentialName.test(name));
  if (named) throw refuse(`Remove "${named}" from the URL and enter it as an API key: URLs end up in logs.`);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) !== 0 && !isAllowedAddress(host, { allowPrivate })) {
    throw refuse("This address is private or reserved. The operator can allow private networks with ALLOW_PRIVATE_UPSTREAMS=1.");
  }
  return url;
}
