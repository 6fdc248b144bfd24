// What a router advertises: RFC 4861 section 4.2 and its options, RFC 4191 (preference, routes), RFC 8106 (DNS), RFC 8910 (captive
// portal), RFC 8781 (NAT64); of IPv4 RFC 1256 section 3. Who else advertises himself may read along with a whole network.

import { formatV4 } from '../../records/address.ts';
import { wireText } from '../../records/text.ts';
import { domainNames } from '../dhcpv4/domain-names.ts';
import { u16, u32, v6Text } from '../octets.ts';
import { eachOption } from './nd-options.ts';
import type { IcmpRecord } from './record.ts';

const OPTION_PREFIX = 3;
const OPTION_MTU = 5;
const OPTION_ROUTE = 24;
const OPTION_DNS_SERVERS = 25;
const OPTION_SEARCH_DOMAINS = 31;
const OPTION_CAPTIVE_PORTAL = 37;
const OPTION_NAT64 = 38;

const FLAG_MANAGED = 0x80;
const FLAG_OTHER = 0x40;
const FLAG_ON_LINK = 0x80;
const FLAG_AUTONOMOUS = 0x40;
const OPTIONS = 16;
const ADDRESS_OCTETS = 16;
/** Values of one kind that are told of one advertisement. */
const MAX_VALUES = 64;

/** By the two bits of RFC 4191 section 2.1; the third value means the first. */
const PREFERENCES = ['medium', 'high', 'medium', 'low'] as const;
/** Octets of a NAT64 prefix by its code (RFC 8781 section 4). */
const NAT64_BITS = [96, 64, 56, 48, 40, 32] as const;

const preference = (flags: number) => PREFERENCES[(flags >> 3) & 3];

/** Fills in what the advertisement [from, to) of ICMPv6 says. Options that are too short for what they should hold say nothing. */
export function readRouter(record: IcmpRecord, bytes: Uint8Array, from: number, to: number): void {
  if (from + OPTIONS > to) return;
  const flags = bytes[from + 5];
  record.routerHopLimit = bytes[from + 4] || undefined;
  record.routerManaged = (flags & FLAG_MANAGED) !== 0;
  record.routerOtherConfig = (flags & FLAG_OTHER) !== 0;
  record.routerPreference = preference(flags);
  record.routerLifetime = u16(bytes, from + 6);
  eachOption(bytes, from + OPTIONS, to, (type, at, end) => readOption(record, bytes, type, at, end));
}

function readOption(record: IcmpRecord, bytes: Uint8Array, type: number, at: number, end: number): void {
  switch (type) {
    case OPTION_PREFIX:
      if (end - at < 32) return;
      record.routerPrefixes = added(record.routerPrefixes, {
        prefix: `${v6Text(bytes, at + 16)}/${bytes[at + 2]}`,
        onLink: (bytes[at + 3] & FLAG_ON_LINK) !== 0,
        autonomous: (bytes[at + 3] & FLAG_AUTONOMOUS) !== 0,
        validLifetime: u32(bytes, at + 4),
        preferredLifetime: u32(bytes, at + 8),
      });
      break;
    case OPTION_MTU:
      record.mtu = u32(bytes, at + 4);
      break;
    case OPTION_ROUTE:
      record.routerRoutes = added(record.routerRoutes, {
        prefix: `${prefixAt(bytes, at + 8, end)}/${bytes[at + 2]}`,
        preference: preference(bytes[at + 3]),
        lifetime: u32(bytes, at + 4),
      });
      break;
    case OPTION_DNS_SERVERS:
      for (let address = at + 8; address + ADDRESS_OCTETS <= end; address += ADDRESS_OCTETS)
        record.routerDnsServers = added(record.routerDnsServers, v6Text(bytes, address));
      break;
    case OPTION_SEARCH_DOMAINS:
      for (const name of domainNames(bytes, at + 8, end, false) ?? [])
        record.routerSearchDomains = added(record.routerSearchDomains, name);
      break;
    case OPTION_CAPTIVE_PORTAL: {
      let last = end;
      while (last > at + 2 && bytes[last - 1] === 0) last--;
      record.routerCaptivePortal = wireText(bytes, at + 2, last);
      break;
    }
    case OPTION_NAT64:
      if (end - at < 16) return;
      record.routerNat64Prefix = `${prefixAt(bytes, at + 4, at + 16)}/${NAT64_BITS[bytes[at + 3] & 7] ?? 96}`;
  }
}

/** The octets [at, end) and zeros as an address. */
function prefixAt(bytes: Uint8Array, at: number, end: number): string {
  const address = new Uint8Array(ADDRESS_OCTETS);
  address.set(bytes.subarray(at, Math.min(end, at + ADDRESS_OCTETS)));
  return v6Text(address, 0);
}

function added<T>(list: readonly T[] | undefined, value: T): readonly T[] {
  if (list === undefined) return [value];
  return list.length < MAX_VALUES ? [...list, value] : list;
}

/** The same of ICMP: addresses of routers, each with a preference that is passed over. */
export function readRouterV4(record: IcmpRecord, bytes: Uint8Array, from: number, to: number): void {
  const octets = bytes[from + 5] * 4;
  record.routerLifetime = u16(bytes, from + 6);
  if (octets < 8) return;
  for (let i = 0, at = from + 8; i < bytes[from + 4] && at + octets <= to; i++, at += octets)
    record.routerAddresses = added(record.routerAddresses, formatV4(u32(bytes, at)));
}
