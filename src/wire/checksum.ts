// Transport checksums, computed on request only: RFC 9293, 3.1 (TCP), RFC 768 (UDP), RFC 3828 (UDP-Lite), RFC 4340, 9
// (DCCP), RFC 9260, 6.8 (SCTP), RFC 792, 4443, 9776 (ICMP, ICMPv6, IGMP); pseudo-headers: RFC 8200, 8.1.

import { addCrc32c } from './crc32c.ts';
import { CHECKSUM_TRANSPORT_BAD, CHECKSUM_TRANSPORT_CHECKED, type Cursor } from './cursor.ts';
import { DCCP_COVERAGE, DCCP_DATA_OFFSET } from './dccp.ts';
import { addWords, foldChecksum } from './internet-checksum.ts';
import {
  PROTOCOL_DCCP,
  PROTOCOL_ICMP,
  PROTOCOL_ICMPV6,
  PROTOCOL_IGMP,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  PROTOCOL_UDP,
  PROTOCOL_UDPLITE,
} from './ip-protocols.ts';
import { IPV4_DESTINATION, IPV4_SOURCE, ipv4IsSourceRouted } from './ipv4.ts';
import { IPV6_SOURCE } from './ipv6.ts';
import { Layer } from './layers.ts';
import { SCTP_CHECKSUM } from './sctp.ts';
import { UDP_CHECKSUM, UDP_LENGTH } from './udp.ts';

const ROUTING = Layer['ipv6.routing'];
const ROUTING_SEGMENTS_LEFT = 3;

/**
 * Verifies the checksum of the innermost transport header and its data and sets `CHECKSUM_TRANSPORT_CHECKED` and, when it is
 * wrong, `CHECKSUM_TRANSPORT_BAD`. Sets neither where nothing can be said: not all was captured, a fragment, a broken
 * header, no checksum sent (UDP's 0), a destination that a source route or
 * a routing header will still change.
 */
export function checkTransport(c: Cursor): void {
  if (c.transport < 0 || c.fragment || c.fault !== 0 || c.payloadEnd - c.payload !== c.payloadLength) return;
  const sum = sumOf(c);
  if (sum < 0) return;
  c.checksum |= sum === 0 ? CHECKSUM_TRANSPORT_CHECKED : CHECKSUM_TRANSPORT_CHECKED | CHECKSUM_TRANSPORT_BAD;
}

/** 0 when right, more when wrong, -1 when there is nothing to check. */
function sumOf(c: Cursor): number {
  const { view, bytes, transport, payload, payloadEnd } = c;
  switch (c.protocol) {
    case PROTOCOL_TCP:
    case PROTOCOL_ICMPV6:
      return withPseudoHeader(c, payloadEnd);
    case PROTOCOL_UDP:
      return view.getUint16(transport + UDP_CHECKSUM) === 0 ? -1 : withPseudoHeader(c, payloadEnd);
    case PROTOCOL_UDPLITE: {
      const coverage = view.getUint16(transport + UDP_LENGTH);
      return withPseudoHeader(c, coverage === 0 ? payloadEnd : transport + coverage);
    }
    case PROTOCOL_DCCP: {
      const coverage = bytes[transport + DCCP_COVERAGE] & 0x0f;
      const covered = transport + bytes[transport + DCCP_DATA_OFFSET] * 4 + (coverage - 1) * 4;
      return withPseudoHeader(c, coverage === 0 || covered > payloadEnd ? payloadEnd : covered);
    }
    case PROTOCOL_ICMP:
    case PROTOCOL_IGMP:
      return foldChecksum(addWords(0, view, transport, payloadEnd));
    case PROTOCOL_SCTP:
      return sctpDifference(bytes, view, transport, payload, payloadEnd);
    default:
      return -1;
  }
}

/** Sum over [transport, covered) and the pseudo-header, whose length is that of the whole segment. */
function withPseudoHeader(c: Cursor, covered: number): number {
  const { view, network } = c;
  let sum = c.protocol;
  const length = c.payloadEnd - c.transport;
  sum += (length & 0xffff) + (length >>> 16);
  if (c.ipVersion === 4) {
    if (ipv4IsSourceRouted(view, network)) return -1;
    sum = addWords(sum, view, network + IPV4_SOURCE, network + IPV4_DESTINATION + 4);
  } else {
    for (let i = 0; i < c.depth; i++) {
      const isRouting = c.layers[i] === ROUTING && c.offsets[i] > network;
      if (isRouting && c.bytes[c.offsets[i] + ROUTING_SEGMENTS_LEFT] !== 0) return -1;
    }
    sum = addWords(sum, view, network + IPV6_SOURCE, network + IPV6_SOURCE + 32);
  }
  return foldChecksum(addWords(sum, view, c.transport, covered));
}

const FOUR_ZEROS = new Uint8Array(4);

function sctpDifference(bytes: Uint8Array, view: DataView, transport: number, payload: number, end: number): number {
  let crc = addCrc32c(-1, bytes, transport, transport + SCTP_CHECKSUM);
  crc = addCrc32c(crc, FOUR_ZEROS, 0, 4);
  crc = ~addCrc32c(crc, bytes, payload, end);
  // The checksum's bytes are the CRC's from the lowest up.
  return crc === view.getInt32(transport + SCTP_CHECKSUM, true) ? 0 : 1;
}
