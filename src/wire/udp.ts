// UDP: RFC 768; UDP-Lite: RFC 3828; a length of 0 in jumbograms: RFC 2675, section 4.

import type { Cursor } from './cursor.ts';
import { Layer } from './layers.ts';
import { brokenTransport, readPorts, shortTransport } from './ports.ts';
import { enterUdpTunnel } from './udp-tunnels.ts';

export { isTunnelPort } from './udp-tunnels.ts';

export const UDP_LENGTH = 4;
export const UDP_CHECKSUM = 6;
export const UDP_HEADER = 8;

const UDP = Layer.udp;
const UDPLITE = Layer.udplite;

export function decodeUdp(c: Cursor): number {
  const at = c.at;
  if (c.end - at < UDP_HEADER) return shortTransport(c, UDP, UDP_HEADER);
  readPorts(c, at);
  c.transport = at;
  const length = c.view.getUint16(at + UDP_LENGTH);
  const sent = c.wireEnd - at;
  // A first fragment holds less than the datagram. Length 0 is a jumbogram, or left to the network card.
  if (length !== 0 && length !== sent) {
    if (length < UDP_HEADER || (length > sent && !c.fragment)) {
      return brokenTransport(c, UDP, UDP_HEADER, at + UDP_LENGTH);
    }
    // Nor does it end the first fragment, whose data is the reassembler's as it is.
    if (length < sent && !c.fragment) {
      c.wireEnd = at + length;
      if (c.wireEnd < c.end) c.end = c.wireEnd;
    }
  }
  c.push(UDP, at, UDP_HEADER);
  c.at = at + UDP_HEADER;
  c.restIsPayload();
  return c.fragment ? 0 : enterUdpTunnel(c);
}

export function decodeUdpLite(c: Cursor): number {
  const at = c.at;
  if (c.end - at < UDP_HEADER) return shortTransport(c, UDPLITE, UDP_HEADER);
  readPorts(c, at);
  c.transport = at;
  // Not a length but how much the checksum covers: 0 is all, else at least the header (RFC 3828, 3.1).
  const coverage = c.view.getUint16(at + UDP_LENGTH);
  if ((coverage !== 0 && coverage < UDP_HEADER) || (coverage > c.wireEnd - at && !c.fragment)) {
    return brokenTransport(c, UDPLITE, UDP_HEADER, at + UDP_LENGTH);
  }
  c.push(UDPLITE, at, UDP_HEADER);
  c.at = at + UDP_HEADER;
  c.restIsPayload();
  return 0;
}
