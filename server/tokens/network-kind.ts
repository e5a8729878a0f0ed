// From which kind of network an agent came: enough to notice a stranger, and no address is kept.
import { kindOfAddress } from "#server/outbound/address.ts";

export type NetworkKind = "loopback" | "private" | "public";

/** The kind of network that a client's address (an IPv4 or IPv6 literal) belongs to; null for what is no address. */
export function networkKindOf(address: string): NetworkKind | null {
  const bare = address.replace(/^::ffff:(?=\d+\.)/i, "");
  if (/^127\.|^::1$/.test(bare)) return "loopback";
  const kind = kindOfAddress(bare);
  return kind === "never" ? null : kind;
}
