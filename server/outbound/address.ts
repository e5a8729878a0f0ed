// Which addresses the outbound guard lets a connection go to. Pure: no lookup, no settings.
import ipaddr from "ipaddr.js";

/** `public`; `private`: open only with ALLOW_PRIVATE_UPSTREAMS; `never`: link-local, cloud metadata, multicast, open under no setting. */
export type AddressKind = "public" | "private" | "never";

const severity: Record<AddressKind, number> = { public: 0, private: 1, never: 2 };
const worst = (...kinds: AddressKind[]): AddressKind =>
  kinds.reduce((left, right) => (severity[right] > severity[left] ? right : left), "public");

const v4 = (...ranges: string[]) => ranges.map((range) => ipaddr.IPv4.parseCIDR(range));
const v6 = (...ranges: string[]) => ranges.map((range) => ipaddr.IPv6.parseCIDR(range));

// prettier-ignore
const privateV4 = v4( // The IANA IPv4 Special-Purpose Address Registry.
  "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24",
  "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
);
// Link-local holds the clouds' metadata services, which hand out credentials; three clouds keep theirs elsewhere (Alibaba, Oracle, Azure's WireServer).
const neverV4 = v4("169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32", "100.100.100.200/32", "192.0.0.192/32", "168.63.129.16/32");

// prettier-ignore
const privateV6 = v6( // The IANA IPv6 Special-Purpose Address Registry; fec0::/10 was site-local once, ::/96 was IPv4-compatible.
  "::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20", "5f00::/16",
  "fc00::/7", "fec0::/10",
);
// The last three are metadata services inside the unique-local range (Amazon, Google, Scaleway).
const neverV6 = v6("fe80::/10", "ff00::/8", "fd00:ec2::254/128", "fd20:ce::254/128", "fd00:42::42/128");

/** Forms that carry an IPv4 address, and at which bytes: a relay or translator sends the packet there. */
const carriers: { range: [ipaddr.IPv6, number]; at: [number, number, number, number]; inverted?: true }[] = [
  { range: ipaddr.IPv6.parseCIDR("::/96"), at: [12, 13, 14, 15] }, // IPv4-compatible, RFC 4291 section 2.5.5.1
  { range: ipaddr.IPv6.parseCIDR("64:ff9b::/96"), at: [12, 13, 14, 15] }, // NAT64, RFC 6052
  { range: ipaddr.IPv6.parseCIDR("64:ff9b:1::/48"), at: [12, 13, 14, 15] }, // NAT64 of a local network, RFC 8215, cut at /96
  { range: ipaddr.IPv6.parseCIDR("64:ff9b:1::/48"), at: [6, 7, 9, 10] }, // the same, cut at /48 (RFC 6052 section 2.2)
  { range: ipaddr.IPv6.parseCIDR("2002::/16"), at: [2, 3, 4, 5] }, // 6to4, RFC 3056
  { range: ipaddr.IPv6.parseCIDR("2001::/32"), at: [4, 5, 6, 7] }, // Teredo server, RFC 4380
  { range: ipaddr.IPv6.parseCIDR("2001::/32"), at: [12, 13, 14, 15], inverted: true }, // Teredo client
];
// ISATAP (RFC 5214) is told by its interface identifier, under any prefix.
const isIsatap = (bytes: number[]) => (bytes[8] === 0 || bytes[8] === 2) && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe;

function kindOfV4(address: ipaddr.IPv4): AddressKind {
  if (neverV4.some((range) => address.match(range))) return "never";
  return privateV4.some((range) => address.match(range)) ? "private" : "public";
}

function kindOfV6(address: ipaddr.IPv6): AddressKind {
  if (address.isIPv4MappedAddress()) return kindOfV4(address.toIPv4Address());
  const bytes = address.toByteArray();
  const carried = carriers
    .filter(({ range }) => address.match(range))
    .map(({ at, inverted }) => kindOfV4(new ipaddr.IPv4(at.map((index) => (bytes[index] ?? 0) ^ (inverted ? 0xff : 0)))));
  if (isIsatap(bytes)) carried.push(kindOfV4(new ipaddr.IPv4(bytes.slice(12))));
  return worst(ownKindOfV6(address), ...carried);
}

function ownKindOfV6(address: ipaddr.IPv6): AddressKind {
  if (neverV6.some((range) => address.match(range))) return "never";
  if (privateV6.some((range) => address.match(range))) return "private";
  // NAT64 is how a machine without IPv4 reaches the public IPv4 Internet: it counts as what it carries.
  if (address.match(ipaddr.IPv6.parseCIDR("64:ff9b::/96"))) return "public";
  // Only 2000::/3 is global unicast today (RFC 4291 section 2.4); whatever else there is, is not the public Internet.
  return address.match(ipaddr.IPv6.parseCIDR("2000::/3")) ? "public" : "private";
}

/** What sort of address `text` (an IPv4 or IPv6 literal, brackets allowed) is. Text that is no address is `never`. */
export function kindOfAddress(text: string): AddressKind {
  // ipaddr.js takes ::1.2.3.4 (compatible) for ::ffff:1.2.3.4 (mapped); written out it does not.
  const bare = text.replace(/^\[|\]$/g, "").replace(/%.*$/, "").replace(/^::(?=\d+\.)/, "0:0:0:0:0:0:"); // prettier-ignore
  if (!ipaddr.IPv4.isValidFourPartDecimal(bare) && !ipaddr.IPv6.isValid(bare)) return "never";
  const address = ipaddr.parse(bare);
  return address instanceof ipaddr.IPv4 ? kindOfV4(address) : kindOfV6(address);
}

/** The kind of the worst of `addresses`: a name that mixes public and private answers is how a rebinding server looks. None at all is `never`. */
export function kindOfAll(addresses: readonly string[]): AddressKind {
  return addresses.length === 0 ? "never" : worst(...addresses.map(kindOfAddress));
}
