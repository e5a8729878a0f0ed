// Which addresses are public, which are private, and which are never called, in every notation an attacker can choose.
import { describe, expect, test } from "vitest";

import { kindOfAddress, kindOfAll } from "#server/outbound/address.ts";
import { literalAddress } from "#server/outbound/guard.ts";

/** Every block of the IANA special-purpose registries: its first, an inner and its last address. */
const privateBlocks: Record<string, string[]> = {
  "0.0.0.0/8 this network": ["0.0.0.0", "0.1.2.3", "0.255.255.255"],
  "10.0.0.0/8 private": ["10.0.0.0", "10.20.30.40", "10.255.255.255"],
  "100.64.0.0/10 carrier-grade NAT": ["100.64.0.0", "100.100.1.1", "100.127.255.255"],
  "127.0.0.0/8 loopback": ["127.0.0.0", "127.0.0.1", "127.255.255.255"],
  "172.16.0.0/12 private": ["172.16.0.0", "172.20.1.1", "172.31.255.255"],
  "192.0.0.0/24 IETF protocols": ["192.0.0.0", "192.0.0.8", "192.0.0.170", "192.0.0.255"],
  "192.0.2.0/24 documentation": ["192.0.2.0", "192.0.2.255"],
  "192.31.196.0/24 AS112": ["192.31.196.0", "192.31.196.255"],
  "192.52.193.0/24 AMT": ["192.52.193.0", "192.52.193.255"],
  "192.88.99.0/24 6to4 relay": ["192.88.99.0", "192.88.99.2", "192.88.99.255"],
  "192.168.0.0/16 private": ["192.168.0.0", "192.168.1.1", "192.168.255.255"],
  "192.175.48.0/24 AS112": ["192.175.48.0", "192.175.48.255"],
  "198.18.0.0/15 benchmarking": ["198.18.0.0", "198.19.255.255"],
  "198.51.100.0/24 documentation": ["198.51.100.0", "198.51.100.255"],
  "203.0.113.0/24 documentation": ["203.0.113.0", "203.0.113.255"],
  "240.0.0.0/4 reserved": ["240.0.0.0", "250.1.2.3", "255.255.255.254"],
  "::/128 unspecified": ["::"],
  "::1/128 loopback": ["::1", "0:0:0:0:0:0:0:1"],
  "::/96 IPv4-compatible": ["::7f00:1", "::10.0.0.1", "::8.8.8.8"],
  "::ffff:0:0/96 mapped, of private ones": ["::ffff:127.0.0.1", "::ffff:a00:1", "::ffff:192.168.0.1", "0:0:0:0:0:ffff:7f00:1"],
  "64:ff9b::/96 NAT64, of private ones": ["64:ff9b::10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::192.168.1.1"],
  "64:ff9b:1::/48 local NAT64": ["64:ff9b:1::", "64:ff9b:1::8.8.8.8", "64:ff9b:1:808:8:800::"],
  "100::/64 discard": ["100::", "100::ffff:ffff:ffff:ffff"],
  "100:0:0:1::/64 dummy": ["100:0:0:1::", "100:0:0:1:ffff:ffff:ffff:ffff"],
  "2001::/23 IETF protocols": ["2001:1::1", "2001:2::1", "2001:3::1", "2001:4:112::1", "2001:20::1", "2001:30::1", "2001:1ff:ffff::"],
  "2001::/32 Teredo": ["2001:0:4136:e378:8000:63bf:3fff:fdd2"],
  "2001:db8::/32 documentation": ["2001:db8::", "2001:db8:ffff::1"],
  "2002::/16 6to4": ["2002:808:808::1", "2002:a00:1::1", "2002:7f00:1::"],
  "2620:4f:8000::/48 AS112": ["2620:4f:8000::1"],
  "3fff::/20 documentation": ["3fff::", "3fff:fff:ffff::1"],
  "5f00::/16 segment routing": ["5f00::1"],
  "fc00::/7 unique local": ["fc00::", "fd12:3456::1", "fdff:ffff::1"],
  "fec0::/10 site-local": ["fec0::1", "feff::1"],
  "outside of 2000::/3": ["4000::1", "200::1", "e000::1"],
};

const neverBlocks: Record<string, string[]> = {
  "169.254.0.0/16 link-local and metadata": ["169.254.0.0", "169.254.169.254", "169.254.170.2", "169.254.255.255"],
  "224.0.0.0/4 multicast": ["224.0.0.0", "239.255.255.255"],
  "255.255.255.255/32 broadcast": ["255.255.255.255"],
  "metadata elsewhere": ["100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254", "fd20:ce::254", "fd00:42::42"],
  "fe80::/10 link-local": ["fe80::", "fe80::1%eth0", "febf::1"],
  "ff00::/8 multicast": ["ff02::1", "ffff::1"],
  "metadata, mapped": ["::ffff:169.254.169.254", "::ffff:a9fe:a9fe"],
  "metadata, compatible": ["::169.254.169.254"],
  "metadata by NAT64": ["64:ff9b::169.254.169.254", "64:ff9b:1::169.254.169.254", "64:ff9b:1:a9fe:a9:fe00::"],
  "metadata by 6to4": ["2002:a9fe:a9fe::1"],
  "metadata by Teredo": ["2001:0:4136:e378:8000:63bf:5601:5601", "2001:0:a9fe:a9fe:8000:63bf:3fff:fdd2"],
  "metadata by ISATAP": ["2a00:1450::5efe:169.254.169.254", "2a00:1450::200:5efe:a9fe:a9fe"],
  "no address at all": ["", "localhost", "example.com", "1.2.3", "0x7f.1", "2130706433", "1.2.3.4.5", "::g", "1.2.3.4/8"],
};

const publicAddresses = [
  "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0",
  "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "203.0.112.255", "203.0.114.0",
  "223.255.255.255", "2606:4700:4700::1111", "2a00:1450:4001::200e", "2001:4860:4860::8888", "2001:200::1", "2003::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
  "[2606:4700:4700::1111]",
]; // prettier-ignore

describe("the kind of an address", () => {
  test.each(Object.entries(privateBlocks))("%s is private", (_block, addresses) => {
    for (const address of addresses) expect(kindOfAddress(address), address).toBe("private");
  });

  test.each(Object.entries(neverBlocks))("%s is never called", (_block, addresses) => {
    for (const address of addresses) expect(kindOfAddress(address), address).toBe("never");
  });

  test.each(publicAddresses)("%s is public", (address) => {
    expect(kindOfAddress(address)).toBe("public");
  });

  test("of several is that of the worst", () => {
    expect(kindOfAll(["8.8.8.8", "1.1.1.1"])).toBe("public");
    expect(kindOfAll(["8.8.8.8", "10.0.0.1"])).toBe("private");
    expect(kindOfAll(["169.254.169.254", "8.8.8.8", "10.0.0.1"])).toBe("never");
    expect(kindOfAll([])).toBe("never");
  });
});

describe("an odd notation in a URL", () => {
  test.each([
    ["2130706433", "127.0.0.1"],
    ["0x7f000001", "127.0.0.1"],
    ["0x7F.1", "127.0.0.1"],
    ["017700000001", "127.0.0.1"],
    ["0177.0.0.01", "127.0.0.1"],
    ["127.1", "127.0.0.1"],
    ["127.0.1", "127.0.0.1"],
    ["127.0.0.1.", "127.0.0.1"],
    ["0", "0.0.0.0"],
    ["0xa9fea9fe", "169.254.169.254"],
    ["2852039166", "169.254.169.254"],
    ["%31%32%37.0.0.1", "127.0.0.1"],
    ["①②⑦.⓪.⓪.①", "127.0.0.1"],
    ["127。0。0。1", "127.0.0.1"],
    ["[::FFFF:127.0.0.1]", "::ffff:7f00:1"],
    ["[0:0:0:0:0:0:0:1]", "::1"],
  ])("%s is %s", (written, address) => {
    const literal = literalAddress(new URL(`https://${written}/mcp`));
    expect(literal).toBe(address);
    expect(kindOfAddress(literal ?? "8.8.8.8")).not.toBe("public");
  });
});
