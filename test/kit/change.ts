// Changes of captured frames whose effect on the records is known: the same segments cut smaller, datagrams in fragments, every packet
// twice, other links and tunnels around. For tests that compare what comes out before and after. Frames are Ethernet.

import { internetChecksum } from '../../src/wire/internet-checksum.ts';
import { type Bytes, bytes, eth, ip4, ip6, tag, u16, u32, udp } from '../wire/frames.ts';

export interface TimedFrame {
  /** Seconds and nanoseconds of the packet. */
  seconds: number;
  nanos: number;
  bytes: Bytes;
}

const ETHERNET = 14;
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const TCP = 6;
const SYN_RST_URG = 0x26;
const FIN_PSH = 0x09;

const viewOf = (frame: Bytes) => new DataView(frame.buffer, frame.byteOffset, frame.length);
const etherType = (frame: Bytes) => viewOf(frame).getUint16(12);
export const isIp = ({ bytes: frame }: TimedFrame): boolean => etherType(frame) === IPV4 || etherType(frame) === IPV6;

interface Headers {
  isV6: boolean;
  protocol: number;
  transport: number;
  end: number;
}

/** IPv4 or IPv6 without extension headers, not in fragments. */
function headersOf(frame: Bytes): Headers | undefined {
  const view = viewOf(frame);
  if (etherType(frame) === IPV4 && (view.getUint16(20) & 0x3fff) === 0)
    return {
      isV6: false,
      protocol: frame[23],
      transport: ETHERNET + (frame[14] & 15) * 4,
      end: ETHERNET + view.getUint16(16),
    };
  if (etherType(frame) !== IPV6) return undefined;
  return { isV6: true, protocol: frame[20], transport: 54, end: 54 + view.getUint16(18) };
}

/** Lengths and the checksum of IPv4 for what the frame holds now. */
function sealIp(frame: Bytes): void {
  const view = viewOf(frame);
  if (etherType(frame) === IPV6) {
    view.setUint16(18, frame.length - 54);
    return;
  }
  view.setUint16(16, frame.length - ETHERNET);
  view.setUint16(24, 0);
  view.setUint16(24, internetChecksum(view, ETHERNET, ETHERNET + (frame[14] & 15) * 4));
}

function sealTcp(frame: Bytes, { isV6, transport }: Headers): void {
  const view = viewOf(frame);
  view.setUint16(transport + 16, 0);
  const addresses = isV6 ? frame.subarray(22, 54) : frame.subarray(26, 34);
  const segment = frame.subarray(transport);
  const summed = bytes(addresses, u32(segment.length), u32(TCP), segment);
  view.setUint16(transport + 16, internetChecksum(viewOf(summed), 0, summed.length));
}

/** Pieces of a segment at most: bodies byte by byte are no other case than heads are. */
const MAX_PIECES = 256;

/** TCP segments in pieces of `size` bytes. */
export function resegmented(frames: readonly TimedFrame[], size: number): TimedFrame[] {
  return frames.flatMap((timed) => {
    const frame = timed.bytes;
    const headers = headersOf(frame);
    if (headers === undefined || headers.protocol !== TCP) return [timed];
    const { transport, end } = headers;
    const data = transport + (frame[transport + 12] >> 4) * 4;
    if (end - data <= size || end - data > size * MAX_PIECES || (frame[transport + 13] & SYN_RST_URG) !== 0)
      return [timed];
    const sequence = viewOf(frame).getUint32(transport + 4);
    const pieces: TimedFrame[] = [];
    for (let at = data; at < end; at += size) {
      const piece = bytes(frame.subarray(0, data), frame.subarray(at, Math.min(at + size, end)));
      viewOf(piece).setUint32(transport + 4, sequence + at - data);
      if (at + size < end) piece[transport + 13] &= ~FIN_PSH;
      sealIp(piece);
      sealTcp(piece, headers);
      pieces.push({ ...timed, bytes: piece });
    }
    return pieces;
  });
}

/** IP packets in fragments with `size` bytes of data each, a multiple of eight; `order` puts those of a packet in another order. */
export function fragmented(
  frames: readonly TimedFrame[],
  size: number,
  order: (fragments: Bytes[]) => Bytes[] = (fragments) => fragments,
): TimedFrame[] {
  return frames.flatMap((timed, number) => {
    const frame = timed.bytes;
    const headers = headersOf(frame);
    if (headers === undefined || headers.end - headers.transport <= size) return [timed];
    const { isV6, protocol, transport, end } = headers;
    const fragments: Bytes[] = [];
    for (let at = transport; at < end; at += size) {
      const place = (at - transport) | (at + size < end ? 1 : 0);
      const data = frame.subarray(at, Math.min(at + size, end));
      const head = frame.slice(0, transport);
      if (isV6) head[20] = 44;
      else {
        viewOf(head).setUint16(18, number & 0xffff);
        viewOf(head).setUint16(20, (place >> 3) | ((place & 1) << 13));
      }
      const fragment = isV6 ? bytes(head, protocol, 0, u16(place), u32(number), data) : bytes(head, data);
      sealIp(fragment);
      fragments.push(fragment);
    }
    return order(fragments).map((fragment) => ({ ...timed, bytes: fragment }));
  });
}

/** Every packet twice, the second time 20 µs later, as a mirror port shows it. */
export function doubled(frames: readonly TimedFrame[]): TimedFrame[] {
  const later = frames.map((timed) => {
    const nanos = timed.nanos + 20_000;
    return { bytes: timed.bytes, seconds: timed.seconds + Math.floor(nanos / 1e9), nanos: nanos % 1e9 };
  });
  return [...frames, ...later].sort((a, b) => a.seconds - b.seconds || a.nanos - b.nanos);
}

/** What can be put around a frame: the link type that comes of it, and the frame in it. */
export interface Wrap {
  linkType: number;
  wrap(frame: Bytes): Bytes;
}

const packetOf = (frame: Bytes): Bytes => frame.subarray(ETHERNET);
const onEthernet = (wrap: (frame: Bytes) => Bytes): Wrap => ({ linkType: 1, wrap });
const tunnel = (protocol: number, content: (frame: Bytes) => Bytes): Wrap =>
  onEthernet((frame) => eth(IPV4, ip4(protocol, content(frame))));
const udpTunnel = (port: number, content: (frame: Bytes) => Bytes): Wrap =>
  tunnel(17, (frame) => udp(40_001, port, content(frame)));
const ppp = (frame: Bytes): Bytes => bytes(u16(etherType(frame) === IPV4 ? 0x21 : 0x57), packetOf(frame));
const inIp = (frame: Bytes): number => (etherType(frame) === IPV4 ? 4 : 41);

/** For frames that hold IP. */
export const WRAPS: Readonly<Record<string, Wrap>> = {
  'a VLAN': onEthernet((frame) =>
    bytes(frame.subarray(0, 12), u16(0x8100), tag(100, etherType(frame), packetOf(frame))),
  ),
  padding: onEthernet((frame) => bytes(frame, new Uint8Array(Math.max(4, 64 - frame.length)))),
  'a cooked capture': {
    linkType: 113,
    wrap: (frame) => bytes(u16(0), u16(1), u16(6), new Uint8Array(8), frame.subarray(12)),
  },
  'no link': { linkType: 101, wrap: packetOf },
  'a loopback': { linkType: 108, wrap: (frame) => bytes(u32(etherType(frame) === IPV4 ? 2 : 24), packetOf(frame)) },
  PPP: { linkType: 9, wrap: (frame) => bytes(0xff, 0x03, ppp(frame)) },
  PPPoE: onEthernet((frame) => eth(0x8864, bytes(0x11, 0, u16(7), u16(ppp(frame).length), ppp(frame)))),
  MPLS: onEthernet((frame) => eth(0x8847, bytes(u32((100 << 12) | 0x140), packetOf(frame)))),
  GRE: tunnel(47, (frame) => bytes(u16(0), frame.subarray(12))),
  ERSPAN: tunnel(47, (frame) => bytes(u16(0x1000), u16(0x88be), u32(1), u16(0x1064), u16(5), u32(0), frame)),
  'IP in IP': onEthernet((frame) => eth(IPV4, ip4(inIp(frame), packetOf(frame)))),
  'IP in IPv6': onEthernet((frame) => eth(IPV6, ip6(inIp(frame), packetOf(frame)))),
  VXLAN: udpTunnel(4789, (frame) => bytes(u32(0x0800_0000), u32(4242 << 8), frame)),
  GENEVE: udpTunnel(6081, (frame) => bytes(u16(0), u16(0x6558), u32(4242 << 8), frame)),
  'GTP-U': udpTunnel(2152, (frame) => bytes(0x30, 255, u16(frame.length - ETHERNET), u32(99), packetOf(frame))),
};
