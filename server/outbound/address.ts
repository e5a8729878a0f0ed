// Which addresses the outbound guard lets a connection go to. Pure: no lookup, no settings.
import ipaddr from "ipaddr.js";

type Kind = "public" | "private" | "never";

const v4 = (...ranges: string[]) => ranges.map((range) => ipaddr.IPv4.parseCIDR(range));
const v6 = (...ranges: string[]) => ranges.map((range) => ipaddr.IPv6.parseCIDR(range));

// IANA IPv4 and IPv6 Special-Purpose Address Registries, and multicast.
const privateV4 = v4(
  "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24",
  "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
); // prettier-ignore
// Link-local holds the clouds' metadata services, which hand out credentials: closed even where private networks are open.
const neverV4 = v4("169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32");
const privateV6 = v6("::/128", "::1/128", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fc00::/7", "fec0::/10");
// fd00:ec2::254 is a metadata service inside the unique-local range.
const neverV6 = v6("fe80::/10", "ff00::/8", "fd00:ec2::254/128");

function kindOfV4(address: ipaddr.IPv4): Kind {
  if (neverV4.some((range) => address.match(range))) return "never";
  return privateV4.some((range) => address.match(range)) ? "private" : "public";
}

/** The IPv4 address an IPv6 one carries: mapped, compatible, NAT64 (RFC 6052), 6to4 (RFC 3056), ISATAP-like are judged by what they lead to. */
function embedded(address: ipaddr.IPv6): ipaddr.IPv4 | null {
  const bytes = address.toByteArray();
  const at = (offset: number) => new ipaddr.IPv4(bytes.slice(offset, offset + 4));
  if (address.isIPv4MappedAddress()) return address.toIPv4Address();
  const leading = (range: string) => address.match(ipaddr.IPv6.parseCIDR(range));
  if (leading("64:ff9b::/96")) return at(12);
  if (leading("2002::/16")) return at(2);
  // IPv4-compatible (RFC 4291 section 2.5.5.1), but not :: and ::1.
  if (leading("::/96") && !leading("::/127")) return at(12);
  return null;
}

function kindOfV6(address: ipaddr.IPv6): Kind {
  const inner = embedded(address);
  if (inner) return kindOfV4(inner);
  if (neverV6.some((range) => address.match(range))) return "never";
  if (privateV6.some((range) => address.match(range))) return "private";
  // Only 2000::/3 is global unicast today (RFC 4291 section 2.4); whatever else there is, is not the public Internet.
  return address.match(ipaddr.IPv6.parseCIDR("2000::/3")) ? "public" : "private";
}

/** `public`, `private` (open only with ALLOW_PRIVATE_UPSTREAMS) or `never` (link-local, cloud metadata, multicast). Text that is no address is `never`. */
export function kindOfAddress(text: string): Kind {
  const bare = text.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
  if (!ipaddr.isValid(bare)) return "never";
  const address = ipaddr.parse(bare);
  return address instanceof ipaddr.IPv4 ? kindOfV4(address) : kindOfV6(address);
}

/** Whether a connection may go to this address. */
export function isAllowedAddress(address: string, { allowPrivate }: { allowPrivate: boolean }): boolean {
  const kind = kindOfAddress(address);
  return kind === "public" || (kind === "private" && allowPrivate);
}
