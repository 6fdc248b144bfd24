// Values of options that are more than a number. Each function reads [from, to) and gives undefined when that is wrong.

import { authenticationText } from '../dhcpv4/authentication.ts';
import { hex, linkLayerAddress, printableOrHex, textOf } from '../dhcpv4/bytes.ts';
import { domainName, domainNames } from '../dhcpv4/domain-names.ts';
import { u16, u32, v6Text } from '../octets.ts';
import { duidText } from './duid.ts';
import { OptionList } from './option-list.ts';

const ADDRESS_OCTETS = 16;

export function ipv6List(bytes: Uint8Array, from: number, to: number): string[] | undefined {
  if (to === from || (to - from) % ADDRESS_OCTETS !== 0) return undefined;
  const list: string[] = [];
  for (let at = from; at < to; at += ADDRESS_OCTETS) list.push(v6Text(bytes, at));
  return list;
}

export const uncompressedNames = (bytes: Uint8Array, from: number, to: number): string[] | undefined =>
  domainNames(bytes, from, to, false);

/** Texts with a length of 16 bits before each (user and vendor classes). */
export function countedTexts(bytes: Uint8Array, from: number, to: number): string[] | undefined {
  const list: string[] = [];
  for (let at = from; at < to; ) {
    const text = at + 2;
    if (text > to || text + u16(bytes, at) > to) return undefined;
    const end = text + u16(bytes, at);
    list.push(printableOrHex(bytes, text, end));
    at = end;
  }
  return list;
}

/** RFC 4704: a byte of flags, then the name, which may be partial. */
export function fqdn(bytes: Uint8Array, from: number, to: number): string | undefined {
  return to === from ? undefined : domainName(bytes, from + 1, to);
}

/** RFC 4649: `enterprise id`. */
export function remoteId(bytes: Uint8Array, from: number, to: number): string | undefined {
  return to - from < 4 ? undefined : `${u32(bytes, from)} ${printableOrHex(bytes, from + 4, to)}`;
}

/** RFC 6939: hardware type, then the address. */
export function clientLinkLayer(bytes: Uint8Array, from: number, to: number): string | undefined {
  return to - from < 3 ? undefined : linkLayerAddress(bytes, from + 2, to);
}

const NTP_ADDRESS = 1;
const NTP_MULTICAST = 2;
const NTP_NAME = 3;
const suboptions = new OptionList();

/** RFC 5908: each sub-option is one server. */
export function ntpServers(bytes: Uint8Array, from: number, to: number): string[] | undefined {
  if (suboptions.read(bytes, from, to) >= 0) return undefined;
  const list: string[] = [];
  for (let i = 0; i < suboptions.count; i++) {
    const at = suboptions.from[i];
    const end = suboptions.to[i];
    const kind = suboptions.codes[i];
    if ((kind === NTP_ADDRESS || kind === NTP_MULTICAST) && end - at === ADDRESS_OCTETS) list.push(v6Text(bytes, at));
    else if (kind === NTP_NAME) list.push(...(uncompressedNames(bytes, at, end) ?? []));
  }
  return list;
}

type PlainValue = string | readonly string[] | number | boolean;
type Kind = 'ips' | 'names' | 'text' | 'u32' | 'u16s' | 'texts' | 'duid' | 'secret';

/** RFC 3319, 3633, 3898, 4075, 4242, 4280, 4833, 5007, 5223, 5417, 5460, 5970, 6334, 7083, 8910. */
const PLAIN = new Map<number, readonly [name: string, kind: Kind]>([
  [11, ['authentication', 'secret']],
  [21, ['sip_domains', 'names']],
  [22, ['sip_servers', 'ips']],
  [27, ['nis_servers', 'ips']],
  [28, ['nis_plus_servers', 'ips']],
  [29, ['nis_domains', 'names']],
  [30, ['nis_plus_domains', 'names']],
  [31, ['sntp_servers', 'ips']],
  [32, ['information_refresh_time_sec', 'u32']],
  [33, ['bcmcs_domains', 'names']],
  [34, ['bcmcs_servers', 'ips']],
  [40, ['pana_agents', 'ips']],
  [41, ['posix_time_zone', 'text']],
  [42, ['tz_database_time_zone', 'text']],
  [43, ['echo_request', 'u16s']],
  [46, ['client_last_transaction_time_sec', 'u32']],
  [51, ['lost_servers', 'names']],
  [52, ['capwap_controllers', 'ips']],
  [53, ['relay_id', 'duid']],
  [57, ['access_domains', 'names']],
  [58, ['sip_configuration_domains', 'names']],
  [59, ['boot_file_url', 'text']],
  [60, ['boot_file_parameters', 'texts']],
  [61, ['client_architectures', 'u16s']],
  [64, ['aftr_name', 'names']],
  [80, ['link_addresses', 'ips']],
  [82, ['sol_max_rt_sec', 'u32']],
  [83, ['inf_max_rt_sec', 'u32']],
  [86, ['pcp_servers', 'ips']],
  [88, ['dhcpv4_over_dhcpv6_servers', 'ips']],
  [103, ['captive_portal', 'text']],
  [112, ['mud_url', 'text']],
]);

/** [name, value] of an option that is one number, text or list; undefined when it is none of them or its value does not fit. */
export function plainOption(
  code: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): [string, PlainValue] | undefined {
  const known = PLAIN.get(code);
  if (known === undefined) return undefined;
  const value = read(known[1], bytes, from, to);
  return value === undefined ? undefined : [known[0], value];
}

function read(kind: Kind, bytes: Uint8Array, from: number, to: number): PlainValue | undefined {
  switch (kind) {
    case 'ips':
      return ipv6List(bytes, from, to);
    case 'names':
      return uncompressedNames(bytes, from, to);
    case 'text':
      return textOf(bytes, from, to);
    case 'u32':
      return to - from === 4 ? u32(bytes, from) : undefined;
    case 'u16s':
      return numbers16(bytes, from, to)?.map(String);
    case 'texts':
      return countedTexts(bytes, from, to);
    case 'secret':
      return authenticationText(bytes, from, to);
    case 'duid':
      return duidText(bytes, from, to);
  }
}

export function numbers16(bytes: Uint8Array, from: number, to: number): number[] | undefined {
  if (to === from || (to - from) % 2 !== 0) return undefined;
  return Array.from({ length: (to - from) / 2 }, (_, i) => u16(bytes, from + 2 * i));
}

/** Enterprise number and the rest in hexadecimal. */
export function vendorData(bytes: Uint8Array, from: number, to: number): { id: number; data: string } | undefined {
  return to - from < 4 ? undefined : { id: u32(bytes, from), data: hex(bytes, from + 4, to) };
}

export function vendorClass(bytes: Uint8Array, from: number, to: number): { id: number; data: string[] } | undefined {
  if (to - from < 4) return undefined;
  const data = countedTexts(bytes, from + 4, to);
  return data === undefined ? undefined : { id: u32(bytes, from), data };
}
