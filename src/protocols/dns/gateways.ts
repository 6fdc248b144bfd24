// Records that name a relay or gateway, told as zone files write them: IPSECKEY, AMTRELAY and HIP.

import { formatV4 } from '../../records/address.ts';
import { u16, u32, v6Text } from '../octets.ts';
import { nameText, walkName } from './names.ts';
import { base64, hex, type Rdata } from './rdata-parts.ts';

/** Kinds of gateways (RFC 4025 section 2.3) and relays (RFC 8777 section 4.2.3). */
const NONE = 0;
const IPV4 = 1;
const IPV6 = 2;
const NAME = 3;

const DISCOVERY_OPTIONAL = 0x80;

/** RFC 4025 section 2: precedence, kind of gateway, algorithm, gateway, public key. */
export function ipseckey(into: Rdata, bytes: Uint8Array, messageAt: number, at: number, end: number): boolean {
  if (end - at < 3) return false;
  const kind = bytes[at + 1];
  const key = gatewayEnd(kind, bytes, messageAt, at + 3, end);
  if (key < 0) return false;
  const gateway = gatewayText(kind, bytes, messageAt, at + 3);
  const text = key === end ? '' : ` ${base64(bytes, key, end)}`;
  into.data = `${bytes[at]} ${kind} ${bytes[at + 2]} ${gateway}${text}`;
  return true;
}

/** RFC 8777 section 4.2: precedence, whether discovery is optional, kind of relay, relay. */
export function amtrelay(into: Rdata, bytes: Uint8Array, messageAt: number, at: number, end: number): boolean {
  if (end - at < 2) return false;
  const kind = bytes[at + 1] & ~DISCOVERY_OPTIONAL;
  if (gatewayEnd(kind, bytes, messageAt, at + 2, end) !== end) return false;
  into.data = `${bytes[at]} ${bytes[at + 1] >> 7} ${kind} ${gatewayText(kind, bytes, messageAt, at + 2)}`;
  return true;
}

/** RFC 8005 section 5: algorithm of the key, host identity tag, public key, rendezvous servers. */
export function hip(into: Rdata, bytes: Uint8Array, messageAt: number, at: number, end: number): boolean {
  if (end - at < 4) return false;
  const key = at + 4 + bytes[at];
  const servers = key + u16(bytes, at + 2);
  if (servers > end) return false;
  let text = `${bytes[at + 1]} ${hex(bytes, at + 4, key).toUpperCase()} ${base64(bytes, key, servers)}`;
  for (let server = servers; server < end; ) {
    const next = walkName(bytes, messageAt, server, end);
    if (next < 0) return false;
    text += ` ${nameText(bytes, messageAt, server)}`;
    server = next;
  }
  into.data = text;
  return true;
}

/** Offset behind the gateway; -1 when it does not fit, or is of no known kind. */
function gatewayEnd(kind: number, bytes: Uint8Array, messageAt: number, at: number, end: number): number {
  if (kind === NAME) return walkName(bytes, messageAt, at, end);
  const octets = kind === NONE ? 0 : kind === IPV4 ? 4 : kind === IPV6 ? 16 : -1;
  return octets < 0 || at + octets > end ? -1 : at + octets;
}

function gatewayText(kind: number, bytes: Uint8Array, messageAt: number, at: number): string {
  if (kind === IPV4) return formatV4(u32(bytes, at));
  if (kind === IPV6) return v6Text(bytes, at);
  return kind === NAME ? nameText(bytes, messageAt, at) : '.';
}
