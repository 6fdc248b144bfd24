// DHCP unique identifiers (RFC 8415 section 11, RFC 6355): readable, and the same text for the same bytes. DHCPv4 carries them in its
// client identifier (RFC 4361).

import { hex, linkLayerAddress } from '../dhcpv4/bytes.ts';
import { u16, u32 } from '../octets.ts';

const LINK_LAYER_TIME = 1;
const ENTERPRISE = 2;
const LINK_LAYER = 3;
const UUID = 4;
const UUID_OCTETS = 16;

/**
 * `llt 2013-11-18T13:53:27Z 00-11-22-AA-BB-CC`, `en 311 0a0b`, `ll 00-11-…`, `uuid 00112233-4455-…`; hexadecimal when it is none of
 * these or too short. `/n` follows `llt` and `ll` when the hardware type n is not Ethernet.
 */
export function duidText(bytes: Uint8Array, from: number, to: number): string {
  if (to - from >= 2) {
    switch (u16(bytes, from)) {
      case LINK_LAYER_TIME:
        if (to - from < 8) break;
        return `llt${hardware(u16(bytes, from + 2))} ${timeText(u32(bytes, from + 4))} ${linkLayerAddress(bytes, from + 8, to)}`;
      case ENTERPRISE:
        if (to - from < 6) break;
        return `en ${u32(bytes, from + 2)} ${hex(bytes, from + 6, to)}`;
      case LINK_LAYER:
        if (to - from < 4) break;
        return `ll${hardware(u16(bytes, from + 2))} ${linkLayerAddress(bytes, from + 4, to)}`;
      case UUID: {
        if (to - from !== 2 + UUID_OCTETS) break;
        const digits = hex(bytes, from + 2, to);
        const groups = [
          digits.slice(0, 8),
          digits.slice(8, 12),
          digits.slice(12, 16),
          digits.slice(16, 20),
          digits.slice(20),
        ];
        return `uuid ${groups.join('-')}`;
      }
    }
  }
  return hex(bytes, from, to);
}

/** The link-layer address inside a DUID of the types that have one, in ECS form. */
export function duidLinkLayerAddress(bytes: Uint8Array, from: number, to: number): string | undefined {
  if (to - from < 4) return undefined;
  const type = u16(bytes, from);
  const at = type === LINK_LAYER_TIME ? from + 8 : type === LINK_LAYER ? from + 4 : to;
  return at < to ? linkLayerAddress(bytes, at, to) : undefined;
}

const ETHERNET = 1;

function hardware(type: number): string {
  return type === ETHERNET ? '' : `/${type}`;
}

/** Seconds since 2000-01-01, UTC. */
function timeText(seconds: number): string {
  return new Date(Date.UTC(2000, 0, 1) + seconds * 1000).toISOString().replace('.000Z', 'Z');
}
