// Values of options that are more than a number or an address. Each function reads [from, to) and gives undefined when that is wrong.

import { Address } from '../../records/address.ts';
import { duidText } from '../dhcpv6/duid.ts';
import { u32 } from '../octets.ts';
import { hex, ipv4Text, linkLayerAddress, printableOrHex, textOf } from './bytes.ts';
import { domainName } from './domain-names.ts';

const MAC_OCTETS = 6;
const ID_TEXT = 0;
const ID_ETHERNET = 1;
const ID_IAID_DUID = 255;
const IAID_OCTETS = 4;

/** Every address of a list of them. */
export function ipv4List(bytes: Uint8Array, from: number, to: number): string[] | undefined {
  if (to === from || (to - from) % 4 !== 0) return undefined;
  const list: string[] = [];
  for (let at = from; at < to; at += 4) list.push(ipv4Text(bytes, at));
  return list;
}

/** Option 61 (RFC 2132 section 9.14): a MAC address, a name, or the DUID of RFC 4361; hexadecimal otherwise. */
export function clientIdentifier(bytes: Uint8Array, from: number, to: number): string | undefined {
  if (to - from < 2) return undefined;
  const type = bytes[from];
  if (type === ID_ETHERNET && to - from === 1 + MAC_OCTETS) return linkLayerAddress(bytes, from + 1, to);
  if (type === ID_IAID_DUID && to - from > 1 + IAID_OCTETS) return duidText(bytes, from + 1 + IAID_OCTETS, to);
  if (type === ID_TEXT) return printableOrHex(bytes, from + 1, to);
  return `0x${hex(bytes, from, to)}`;
}

export interface Route {
  /** `10.0.0.0/8` */
  destination: string;
  router: string;
}

/** Option 121 and 249 (RFC 3442): the significant octets of a destination, then its router. */
export function classlessRoutes(bytes: Uint8Array, from: number, to: number): Route[] | undefined {
  const routes: Route[] = [];
  for (let at = from; at < to; ) {
    const width = bytes[at];
    const octets = Math.ceil(width / 8);
    if (width > 32 || at + 1 + octets + 4 > to) return undefined;
    const parts = [0, 0, 0, 0];
    for (let i = 0; i < octets; i++) parts[i] = bytes[at + 1 + i];
    routes.push({ destination: `${parts.join('.')}/${width}`, router: ipv4Text(bytes, at + 1 + octets) });
    at += 1 + octets + 4;
  }
  return routes;
}

/** Option 77: RFC 3004's list of length and text; many clients send plain text instead. */
export function userClasses(bytes: Uint8Array, from: number, to: number): string[] {
  const classes: string[] = [];
  for (let at = from; at < to; at += 1 + bytes[at]) {
    if (bytes[at] === 0 || at + 1 + bytes[at] > to) return [printableOrHex(bytes, from, to)];
    classes.push(printableOrHex(bytes, at + 1, at + 1 + bytes[at]));
  }
  return classes;
}

const FQDN_HEADER = 3;
const FQDN_WIRE = 0x04;

/** Option 81 (RFC 4702): the name, in DNS's form when bit E says so, else as text. */
export function fqdn(bytes: Uint8Array, from: number, to: number): string | undefined {
  if (to - from < FQDN_HEADER) return undefined;
  const at = from + FQDN_HEADER;
  return (bytes[from] & FQDN_WIRE) !== 0 ? domainName(bytes, at, to) : textOf(bytes, at, to);
}

export interface VendorData {
  /** IANA private enterprise number. */
  id: number;
  /** Hexadecimal. */
  data: string;
}

/** Options 124 and 125 (RFC 3925): per enterprise a length and its data. */
export function vendorData(bytes: Uint8Array, from: number, to: number): VendorData[] | undefined {
  const list: VendorData[] = [];
  for (let at = from; at < to; ) {
    if (at + 5 > to || at + 5 + bytes[at + 4] > to) return undefined;
    list.push({ id: u32(bytes, at), data: hex(bytes, at + 5, at + 5 + bytes[at + 4]) });
    at += 5 + bytes[at + 4];
  }
  return list;
}

/** Option 82 (RFC 3046 and those that added to it). */
export interface RelayAgent {
  circuitId: string | undefined;
  remoteId: string | undefined;
  linkSelection: Address | undefined;
  subscriberId: string | undefined;
  serverOverride: Address | undefined;
  /** Sub-options without a field of their own: code, hexadecimal. */
  others: [string, string][];
}

const CIRCUIT_ID = 1;
const REMOTE_ID = 2;
const LINK_SELECTION = 5;
const SUBSCRIBER_ID = 6;
const SERVER_OVERRIDE = 11;

export function relayAgent(bytes: Uint8Array, from: number, to: number): RelayAgent | undefined {
  const agent: RelayAgent = {
    circuitId: undefined,
    remoteId: undefined,
    linkSelection: undefined,
    subscriberId: undefined,
    serverOverride: undefined,
    others: [],
  };
  for (let at = from; at < to; ) {
    const value = at + 2;
    if (value > to || value + bytes[at + 1] > to) return undefined;
    const code = bytes[at];
    const end = value + bytes[at + 1];
    if (code === CIRCUIT_ID) agent.circuitId = printableOrHex(bytes, value, end);
    else if (code === REMOTE_ID) agent.remoteId = printableOrHex(bytes, value, end);
    else if (code === SUBSCRIBER_ID) agent.subscriberId = printableOrHex(bytes, value, end);
    else if (code === LINK_SELECTION && end - value === 4) agent.linkSelection = new Address().setV4(u32(bytes, value));
    else if (code === SERVER_OVERRIDE && end - value === 4)
      agent.serverOverride = new Address().setV4(u32(bytes, value));
    else agent.others.push([String(code), hex(bytes, value, end)]);
    at = end;
  }
  return agent;
}
