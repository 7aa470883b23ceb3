import { type Cidr, parseCidr } from './ranges/cidr.js';
import { buildRangeTable, type CodedRange } from './ranges/range-table.js';

/**
 * Whether an address is a bogon: one that cannot be a host on the public Internet, so that no
 * look-up knows it. An address that carries an IPv4 address (6to4, Teredo, NAT64) is one when that is.
 *
 * @param address 16 bytes, IPv4 as `::ffff:a.b.c.d`
 */
export function isBogon(address: Uint8Array): boolean {
  const kind = TABLE.find(address);
  if (kind === 'bogon' || kind === 'public') return kind === 'bogon';
  const carried = new Uint8Array(16).fill(0xff, 10, 12);
  const at = CARRIES_V4_AT[kind as keyof typeof CARRIES_V4_AT];
  carried.set(address.subarray(at, at + 4), 12);
  return TABLE.find(carried) === 'bogon';
}

/** At which byte these have their IPv4 address: RFC 3056, RFC 4380 (the server's), RFC 6052. */
const CARRIES_V4_AT = { '6to4': 2, teredo: 4, nat64: 12 } as const;

/**
 * Sources: the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890, RFC 8190; states of
 * 2025-10), where a block is a bogon when it is not globally reachable, and the IANA IPv6 address
 * space, where everything outside 2000::/3 is reserved. The most specific block decides.
 */
const BLOCKS: readonly (readonly [block: string, kind: string])[] = [
  ['0.0.0.0/0', 'public'],
  ['0.0.0.0/8', 'bogon'], // this network, RFC 791
  ['10.0.0.0/8', 'bogon'], // private use, RFC 1918
  ['100.64.0.0/10', 'bogon'], // shared by customers of a carrier, RFC 6598
  ['127.0.0.0/8', 'bogon'], // loopback, RFC 1122
  ['169.254.0.0/16', 'bogon'], // link-local, RFC 3927
  ['172.16.0.0/12', 'bogon'], // private use, RFC 1918
  ['192.0.0.0/24', 'bogon'], // IETF protocol assignments, RFC 6890
  ['192.0.0.9/32', 'public'], // port control protocol anycast, RFC 7723
  ['192.0.0.10/32', 'public'], // TURN anycast, RFC 8155
  ['192.0.2.0/24', 'bogon'], // documentation, RFC 5737
  ['192.168.0.0/16', 'bogon'], // private use, RFC 1918
  ['198.18.0.0/15', 'bogon'], // benchmarking, RFC 2544
  ['198.51.100.0/24', 'bogon'], // documentation, RFC 5737
  ['203.0.113.0/24', 'bogon'], // documentation, RFC 5737
  ['224.0.0.0/4', 'bogon'], // multicast, RFC 5771
  ['240.0.0.0/4', 'bogon'], // reserved, RFC 1112, and limited broadcast, RFC 919

  // Unspecified ::, loopback ::1, IPv4-compatible ::/96, local NAT64 64:ff9b:1::/48, discard-only
  // 100::/64, dummy 100:0:0:1::/64, segment routing 5f00::/16, unique local fc00::/7, link-local
  // fe80::/10, site-local fec0::/10, multicast ff00::/8, and what was never given out.
  ['::/0', 'bogon'],
  ['64:ff9b::/96', 'nat64'], // RFC 6052
  ['2000::/3', 'public'], // global unicast, RFC 4291
  ['2001::/23', 'bogon'], // IETF protocol assignments, RFC 2928, with benchmarking, RFC 5180
  ['2001::/32', 'teredo'], // RFC 4380
  ['2001:1::1/128', 'public'], // port control protocol anycast, RFC 7723
  ['2001:1::2/128', 'public'], // TURN anycast, RFC 8155
  ['2001:1::3/128', 'public'], // DNS-SD service registration anycast, RFC 9665
  ['2001:3::/32', 'public'], // AMT, RFC 7450
  ['2001:4:112::/48', 'public'], // AS112, RFC 7535
  ['2001:20::/28', 'public'], // ORCHIDv2, RFC 7343
  ['2001:30::/28', 'public'], // drone remote identification, RFC 9374
  ['2001:db8::/32', 'bogon'], // documentation, RFC 3849
  ['2002::/16', '6to4'], // RFC 3056
  ['3ffe::/16', 'bogon'], // 6bone, given back, RFC 3701
  ['3fff::/20', 'bogon'], // documentation, RFC 9637
];

const TABLE = buildRangeTable([
  BLOCKS.map(([block, code]): CodedRange => ({ ...(parseCidr(block) as Cidr), code })),
]);
