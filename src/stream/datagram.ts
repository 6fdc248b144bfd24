// A datagram that is put together from fragments: what is known of it, and the whole that it becomes (RFC 791 section 3.2, RFC 8200 section 4.5).

import type { Cursor } from '../wire/cursor.ts';
import { describeTunnels, type TunnelDescription } from '../wire/describe.ts';
import { internetChecksum } from '../wire/internet-checksum.ts';
import { IPV4_CHECKSUM, IPV4_PROTOCOL, IPV4_TOTAL_LENGTH } from '../wire/ipv4.ts';
import { IPV6_HEADER, IPV6_PAYLOAD_LENGTH } from '../wire/ipv6.ts';
import { isCut } from './cuts.ts';
import { copyOf, Pieces } from './pieces.ts';

export interface Datagram {
  key: string;
  v6: boolean;
  context: number;
  /** A copy of the header (the unfragmentable part) of the fragment with offset 0. */
  header: Uint8Array | null;
  pieces: Pieces;
  /** What was sent and not captured, as starts and ends in order, apart from each other. */
  cuts: number[];
  /** Linux only: runs of fragments that came one behind the other, as start and end, in order. */
  runs: number[];
  /** Length of the fragmentable part once the last fragment was seen, -1 before. */
  total: number;
  abandoned: boolean;
  /** All that came of it came before, in a datagram that is whole: its frames are that one's. */
  isCopy: boolean;
  /** How many fragmented datagrams are around this one, and the tunnels that lead from the outermost to it. */
  nesting: number;
  tunnels: readonly TunnelDescription[] | undefined;
  packets: number;
  frameBytes: number;
  firstPacket: number;
  /** Number of the last fragment's packet; of the packet at which it was given up when it never became whole. */
  lastPacket: number;
  firstSeconds: number;
  firstNanos: number;
  lastSeconds: number;
  lastNanos: number;
  /** What the flow is when the datagram never becomes whole. */
  protocol: number;
  sourceWords: readonly [number, number, number, number];
  destinationWords: readonly [number, number, number, number];
  ports: readonly [number, number];
  ttl: number;
  deadline: number;
}

export function newDatagram(
  key: string,
  c: Cursor,
  context: number,
  packet: number,
  seconds: number,
  nanos: number,
  deadline: number,
): Datagram {
  const v6 = c.ipVersion === 6;
  const word = (at: number) => c.view.getInt32(at);
  const from = c.network + (v6 ? 8 : 12);
  const to = c.network + (v6 ? 24 : 16);
  return {
    key,
    v6,
    context,
    header: null,
    pieces: new Pieces(),
    cuts: [],
    runs: [],
    total: -1,
    abandoned: false,
    isCopy: false,
    nesting: 0,
    tunnels: undefined,
    packets: 0,
    frameBytes: 0,
    firstPacket: packet,
    lastPacket: packet,
    firstSeconds: seconds,
    firstNanos: nanos,
    lastSeconds: seconds,
    lastNanos: nanos,
    protocol: c.protocol,
    sourceWords: v6 ? [word(from), word(from + 4), word(from + 8), word(from + 12)] : [0, 0, 0, word(from)],
    destinationWords: v6 ? [word(to), word(to + 4), word(to + 8), word(to + 12)] : [0, 0, 0, word(to)],
    ports: [0, 0],
    ttl: c.bytes[c.network + (v6 ? 7 : 8)],
    deadline,
  };
}

export function fragmentKey(c: Cursor, context: number): string {
  const v6 = c.ipVersion === 6;
  const from = c.network + (v6 ? 8 : 12);
  let key = '';
  for (let at = from; at < from + (v6 ? 32 : 8); at += 2) key += String.fromCharCode(c.view.getUint16(at));
  const id = c.fragmentId;
  // IPv6's identification is unique for the pair of addresses; IPv4's for the protocol too (RFC 791): that of the header, for only the
  // first fragment shows what is behind AH.
  return (
    key +
    String.fromCharCode(
      id >>> 16,
      id & 0xffff,
      v6 ? 0xffff : c.bytes[c.network + IPV4_PROTOCOL],
      context >>> 16,
      context & 0xffff,
      c.tunnels,
    )
  );
}

/** The first fragment came in fragments itself. */
export function beginWith(d: Datagram, c: Cursor, around: Datagram): void {
  d.nesting = around.nesting + 1;
  d.tunnels = [...(around.tunnels ?? []), ...describeTunnels(c)];
  d.firstPacket = around.firstPacket;
  d.firstSeconds = around.firstSeconds;
  d.firstNanos = around.firstNanos;
}

/** An IPv6 header with its unfragmentable extensions; the fragment header is taken out (RFC 8200 section 4.5). */
export function withoutFragmentHeader(c: Cursor): Uint8Array {
  const fragmentHeader = c.fragmentData - 8;
  const header = copyOf(c.bytes, c.network, fragmentHeader);
  if (c.fragmentNextHeaderAt > 0) {
    const at = c.fragmentNextHeaderAt - c.network;
    if (at >= 0 && at < header.length) header[at] = c.bytes[fragmentHeader];
  }
  return header;
}

/** Length of the fragment's data as it was sent. What a header promises beyond a packet that was captured whole was never sent. */
export function sentLength(c: Cursor): number {
  const captured = c.payloadEnd - c.fragmentData;
  if (!c.isCut) return captured;
  const length =
    c.ipVersion === 6
      ? IPV6_HEADER + c.view.getUint16(c.network + IPV6_PAYLOAD_LENGTH)
      : c.view.getUint16(c.network + IPV4_TOTAL_LENGTH);
  return Math.max(captured, c.network + length - c.fragmentData);
}

/**
 * The whole datagram, header first, lengths put right so that it decodes as if it had never been in fragments; when the snap length cut
 * them, as much of its beginning as there is.
 */
export function wholeDatagram(d: Datagram): Uint8Array {
  const header = d.header!;
  const captured = capturedOf(d);
  const whole = new Uint8Array(header.length + captured);
  whole.set(header);
  for (const piece of d.pieces.list) {
    const end = Math.min(piece.end, captured);
    if (piece.start < end)
      whole.set(piece.bytes.subarray(piece.from, piece.from + end - piece.start), header.length + piece.start);
  }
  const view = new DataView(whole.buffer);
  const length = header.length + d.total;
  if (d.v6) {
    const payload = length - IPV6_HEADER;
    view.setUint16(IPV6_PAYLOAD_LENGTH, payload > 0xffff ? 0 : payload);
  } else {
    view.setUint16(IPV4_TOTAL_LENGTH, Math.min(length, 0xffff));
    view.setUint16(6, view.getUint16(6) & 0x4000);
    view.setUint16(IPV4_CHECKSUM, 0);
    view.setUint16(IPV4_CHECKSUM, internetChecksum(view, 0, header.length));
  }
  return whole;
}

/** Every fragment is there, though perhaps not with all of its bytes. */
export function isWhole(d: Datagram): boolean {
  if (d.total < 0 || d.header === null) return false;
  let at = 0;
  for (const piece of d.pieces.list) {
    if (piece.start > at && !isCut(d.cuts, at, piece.start)) return false;
    at = piece.end;
    if (at >= d.total) return true;
  }
  return isCut(d.cuts, at, d.total);
}

/** Bytes that are there from the beginning on without a hole. */
function capturedOf(d: Datagram): number {
  let at = 0;
  for (const piece of d.pieces.list) {
    if (piece.start > at) break;
    at = piece.end;
  }
  return Math.min(at, d.total);
}
