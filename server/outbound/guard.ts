// What the outbound fetch may connect to: the check of a URL before each hop, and the lookup whose answer is the address that is dialled.
import { lookup } from "node:dns/promises";
import { isIP, type LookupFunction } from "node:net";

import { LRUCache } from "lru-cache";

import { shared } from "#server/shared-work.ts";

import { type AddressKind, kindOfAddress, kindOfAll } from "./address.ts";
import { OutboundError } from "./error.ts";

export interface ResolvedAddress {
  address: string;
  family: number;
}

export interface GuardOptions {
  /** Opens private and loopback addresses and plain http (ALLOW_PRIVATE_UPSTREAMS). Link-local, multicast and cloud metadata stay closed. */
  allowPrivate: boolean;
  /** Name resolution, replaceable for tests. */
  resolve?: (hostname: string) => Promise<ResolvedAddress[]>;
}

export interface Guard {
  /** Throws OutboundError where `url` may not be called. */
  check(url: URL): void;
  /** For net.connect: runs once for each new connection, and nothing else than its answer is dialled. */
  pinnedLookup: LookupFunction;
}

const systemResolve = (hostname: string) => lookup(hostname, { all: true, verbatim: true });

/** Names the refusal of an address of this kind; null where it is open. */
export function addressRefusal(kind: AddressKind, allowPrivate: boolean): OutboundError | null {
  if (kind === "never")
    return new OutboundError("reserved_address", "The address of this server is reserved (link-local, cloud metadata or multicast).");
  if (kind === "private" && !allowPrivate) {
    return new OutboundError(
      "address_guard",
      "The address of this server is private or reserved, and connections to those are switched off.",
    );
  }
  return null;
}

/** The literal address in a URL's host, or null for a name. WHATWG URLs have brought odd IPv4 notations to four decimals already. */
export function literalAddress({ hostname }: URL): string | null {
  const bare = hostname.replace(/^\[|\]$/g, "");
  return isIP(bare) === 0 ? null : bare;
}

/** Literal addresses whose kind is remembered: it takes some forty comparisons to tell, and every call to one asks. */
const maxLiterals = 1_000;

export function createGuard({ allowPrivate, resolve = systemResolve }: GuardOptions): Guard {
  /** One for each name at a time: Node looks up few at once, and those who wait for a dead name server would keep everybody else from theirs. */
  const lookups = new Map<string, Promise<ResolvedAddress[]>>();
  const kinds = new LRUCache<string, AddressKind>({ max: maxLiterals, memoMethod: kindOfAddress });
  return {
    check(url) {
      if (url.protocol !== "https:" && !(url.protocol === "http:" && allowPrivate))
        throw new OutboundError("scheme", "Only https addresses may be called.");
      if (url.username || url.password) throw new OutboundError("scheme", "An address with a user name or password in it is not called.");
      // net.connect hands a literal address to no lookup.
      const literal = literalAddress(url);
      const refusal = literal === null ? null : addressRefusal(kinds.memo(literal), allowPrivate);
      if (refusal) throw refusal;
    },
    pinnedLookup(hostname, _options, callback) {
      shared(lookups, hostname, () => resolve(hostname)).then(
        (addresses) => callback(addressRefusal(kindOfAll(addresses.map(({ address }) => address)), allowPrivate), addresses),
        (error: NodeJS.ErrnoException) => callback(error, []),
      );
    },
  };
}
