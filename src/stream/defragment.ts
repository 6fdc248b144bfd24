// Puts IP datagrams together from their fragments (RFC 791 section 3.2, RFC 8200 section 4.5). A datagram is known by addresses,
// protocol, identification and the key context it travels in (VLANs, virtual network, tunnel depth). Every fragment is counted in
// a flow in the end: with the datagram's ports when they became known, without them otherwise.

import type { Cursor } from '../wire/cursor.ts';
import { describeTunnels, type TunnelDescription } from '../wire/describe.ts';
import { internetChecksum } from '../wire/internet-checksum.ts';
import { IPV4_CHECKSUM, IPV4_PROTOCOL, IPV4_TOTAL_LENGTH } from '../wire/ipv4.ts';
import { IPV6_HEADER, IPV6_PAYLOAD_LENGTH } from '../wire/ipv6.ts';
import { FRAGMENT_NEW_WINS, type FragmentPolicy } from './overlap.ts';
import { copyOf, Pieces } from './pieces.ts';
import { WholeDatagrams } from './whole-datagrams.ts';

export interface DefragmentOptions {
  policy: FragmentPolicy;
  /** Datagrams waiting at most, and bytes held at most. */
  maxDatagrams: number;
  maxBytes: number;
  /** Seconds of packet time that a datagram may wait for its missing fragments (RFC 791: 15 and up; RFC 8200: 60). */
  timeoutSeconds: number;
}

export const DEFRAGMENT_DEFAULTS: DefragmentOptions = {
  policy: 'first',
  maxDatagrams: 10_000,
  maxBytes: 32 * 1024 * 1024,
  timeoutSeconds: 60,
};

/** Longest datagram: 16 bits of length (RFC 791); IPv6's payload may be as long behind its header. */
const MAX_DATAGRAM_V4 = 65_535;
const MAX_PAYLOAD_V6 = 65_535;
const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;

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

/** Names and meanings of what is counted. */
export const FRAGMENT_EVENTS = {
  overlap: 'a fragment came twice, or overlaps with the same bytes',
  conflict: 'fragments overlap with different bytes',
  size_mismatch: 'two last fragments end at different places',
  tiny: 'a first fragment without a whole transport header',
  odd_length: 'a fragment whose length is no multiple of eight',
  empty: 'a fragment without data',
  too_large: 'a fragment that would end beyond the longest datagram',
  abandoned: 'a datagram dropped because its fragments overlap',
  timeout: 'a datagram whose fragments did not all come',
  evicted: 'a datagram that had to go for lack of room',
  cut: 'a datagram of which the capture does not hold every byte',
} as const;
export type FragmentEvent = keyof typeof FRAGMENT_EVENTS;

export class Defragmenter {
  readonly #options: DefragmentOptions;
  readonly #waiting = new Map<string, Datagram>();
  readonly #whole = new WholeDatagrams<Datagram>();
  #bytes = 0;
  readonly #count: (event: FragmentEvent) => void;
  /** Datagrams that were given up since the last `takeGivenUp`. */
  #givenUp: Datagram[] = [];

  constructor(options: DefragmentOptions, count: (event: FragmentEvent) => void) {
    this.#options = options;
    this.#count = count;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Memory of what waits, about. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Takes the fragment at the cursor. Returns the datagram when it is whole now (it is forgotten here), null otherwise. For a copy of
   * a fragment of a datagram that was whole before it is that datagram, with `isCopy` and the copy's frame. `around`: the datagram whose
   * fragments the fragment itself came in; their frames are this one's.
   */
  add(
    c: Cursor,
    context: number,
    frameBytes: number,
    packet: number,
    seconds: number,
    nanos: number,
    now: number,
    around: Datagram | null = null,
  ): Datagram | null {
    const v6 = c.ipVersion === 6;
    const key = fragmentKey(c, context);
    let d = this.#waiting.get(key);
    if (d === undefined) {
      if (this.#waiting.size >= this.#options.maxDatagrams) this.#evictOldest();
      d = newDatagram(key, c, context, packet, seconds, nanos, now + this.#options.timeoutSeconds);
      if (around !== null) beginWith(d, c, around);
      this.#waiting.set(key, d);
      d.isCopy = true;
    }
    const packets = around?.packets ?? 1;
    if (d.isCopy) {
      const whole = this.#whole.find(key, c, seconds, nanos);
      // Kept all the same: another datagram may have this part and the same identification.
      if (whole !== undefined) return this.#copied(d, whole, c, packets, frameBytes, packet, seconds, nanos);
      d.isCopy = false;
    }
    d.packets += packets;
    d.lastPacket = packet;
    d.frameBytes += frameBytes;
    if (seconds > d.lastSeconds || (seconds === d.lastSeconds && nanos > d.lastNanos)) {
      d.lastSeconds = seconds;
      d.lastNanos = nanos;
    }
    if (c.fragmentOffset === 0 && d.header === null) {
      d.header = copyOf(c.bytes, c.network, c.fragmentData);
      if (v6) d.header = withoutFragmentHeader(c);
      d.ports = [c.sourcePort, c.destinationPort];
      d.protocol = c.protocol;
    }
    if (d.abandoned) return null;
    const start = c.fragmentOffset;
    let length = sentLength(c);
    if (c.moreFragments && (length & 7) !== 0) {
      // RFC 8200 section 4.5 discards such a fragment; RFC 791 knows none, and stacks leave the odd bytes out.
      this.#count('odd_length');
      length = v6 ? 0 : length - (length & 7);
    }
    const end = start + length;
    const payloadEnd = Math.min(c.payloadEnd, c.fragmentData + length);
    const isLinux = this.#options.policy === 'linux';
    if (end > (v6 ? MAX_PAYLOAD_V6 : MAX_DATAGRAM_V4 - 20)) return this.#drop(d, 'too_large');
    if (length <= 0) {
      // Linux drops the datagram; whoever does not must keep nothing for it either.
      if (isLinux || d.pieces.list.length === 0) return this.#drop(d, 'empty');
      this.#count('empty');
      return null;
    }
    if (start === 0 && c.moreFragments && length < smallestHeader(c.protocol)) this.#count('tiny');
    const known = isLinux ? linuxRelation(d, start, end, c.moreFragments) : TAKEN;
    if (!c.moreFragments) {
      if (d.total < 0) d.total = end;
      else if (d.total !== end) this.#count('size_mismatch');
    }
    const before = d.pieces.cost;
    const result = d.pieces.insert(start, c.bytes, c.fragmentData, payloadEnd, FRAGMENT_NEW_WINS[this.#options.policy]);
    this.#bytes += d.pieces.cost - before;
    if (result.conflict) this.#count('conflict');
    else if (result.overlapped) this.#count('overlap');
    if (known === REFUSED) return this.#drop(d, 'abandoned');
    // RFC 5722: a datagram with overlapping fragments (exact repeats apart) is dropped whole.
    if (v6 && !isLinux && result.overlapped && (result.conflict || result.added > 0))
      return this.#abandon(d, 'abandoned');
    const captured = start + payloadEnd - c.fragmentData;
    if (captured < end && !noteCut(d.cuts, captured, end)) return this.#drop(d, 'evicted');
    if (isWhole(d)) {
      this.#forget(d);
      if (d.cuts.length === 0) this.#whole.note(d);
      else this.#count('cut');
      return d;
    }
    while (this.#bytes > this.#options.maxBytes && this.#waiting.size > 1) this.#evictOldest();
    return null;
  }

  /** The fragment at the cursor, of which `d` is what came again, is a part of `whole`: that datagram once more, with this frame alone. */
  #copied(
    d: Datagram,
    whole: Datagram,
    c: Cursor,
    packets: number,
    frameBytes: number,
    packet: number,
    seconds: number,
    nanos: number,
  ): Datagram {
    this.#count('overlap');
    if (!c.moreFragments) d.total = whole.total;
    if (c.fragmentOffset === 0) {
      d.header = whole.header;
      d.ports = whole.ports;
      d.protocol = whole.protocol;
    }
    const before = d.pieces.cost;
    d.pieces.insert(c.fragmentOffset, c.bytes, c.fragmentData, c.payloadEnd, FRAGMENT_NEW_WINS[this.#options.policy]);
    this.#bytes += d.pieces.cost - before;
    if (isWhole(d)) this.#forget(d);
    const at = { firstPacket: packet, firstSeconds: seconds, firstNanos: nanos };
    const last = { lastPacket: packet, lastSeconds: seconds, lastNanos: nanos };
    return { ...whole, ...at, ...last, packets, frameBytes, isCopy: true };
  }

  /** Gives up what waited too long. */
  advance(now: number): void {
    for (const d of this.#waiting.values()) {
      // They came in the order of their deadlines.
      if (d.deadline > now) return;
      this.#giveUp(d, 'timeout');
    }
  }

  /** Gives up everything. */
  flush(): void {
    for (const d of this.#waiting.values()) this.#giveUp(d, 'timeout');
  }

  takeGivenUp(): Datagram[] {
    const list = this.#givenUp;
    if (list.length > 0) this.#givenUp = [];
    return list;
  }

  /** Given up at once: whatever comes with the same identification is another datagram. */
  #drop(d: Datagram, why: FragmentEvent): null {
    this.#giveUp(d, why);
    return null;
  }

  /** Given up, with all that will still come of it. */
  #abandon(d: Datagram, why: FragmentEvent): null {
    this.#count(why);
    this.#bytes -= d.pieces.cost;
    d.pieces.clear();
    d.abandoned = true;
    return null;
  }

  #evictOldest(): void {
    for (const d of this.#waiting.values()) {
      this.#giveUp(d, 'evicted');
      return;
    }
  }

  #giveUp(d: Datagram, why: FragmentEvent): void {
    this.#forget(d);
    if (d.isCopy) return;
    if (!d.abandoned) this.#count(why);
    this.#givenUp.push(d);
  }

  #forget(d: Datagram): void {
    this.#waiting.delete(d.key);
    this.#bytes -= d.pieces.cost;
  }
}

const TAKEN = 0;
const REFUSED = 1;

/**
 * What Linux does with a fragment (net/ipv4/inet_fragment.c, ip_fragment.c since 4.19): one that lies inside of a run of fragments that
 * came one behind the other is a duplicate; one that overlaps otherwise, or that contradicts the datagram's end, takes the whole
 * datagram down.
 */
function linuxRelation(d: Datagram, start: number, end: number, more: boolean): number {
  const { runs } = d;
  const tail = runs.length > 0 ? runs[runs.length - 1] : 0;
  if (more ? d.total >= 0 && end > d.total : end < tail || (d.total >= 0 && end !== d.total)) return REFUSED;
  if (runs.length > 0 && tail < end) {
    if (start < tail) return REFUSED;
    if (start === tail) runs[runs.length - 1] = end;
    else runs.push(start, end);
    return TAKEN;
  }
  let at = 0;
  while (at < runs.length && runs[at + 1] <= start) at += 2;
  if (at < runs.length && runs[at] < end) return start >= runs[at] && end <= runs[at + 1] ? TAKEN : REFUSED;
  runs.splice(at, 0, start, end);
  return TAKEN;
}

/** Bytes of a transport header without options. A first fragment that has fewer hides something (RFC 1858). */
function smallestHeader(protocol: number): number {
  return protocol === PROTOCOL_TCP ? 20 : protocol === PROTOCOL_UDP ? 8 : 0;
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
function isWhole(d: Datagram): boolean {
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

/** Length of the fragment's data as it was sent. What a header promises beyond a packet that was captured whole was never sent. */
function sentLength(c: Cursor): number {
  const captured = c.payloadEnd - c.fragmentData;
  if (!c.isCut) return captured;
  const length =
    c.ipVersion === 6
      ? IPV6_HEADER + c.view.getUint16(c.network + IPV6_PAYLOAD_LENGTH)
      : c.view.getUint16(c.network + IPV4_TOTAL_LENGTH);
  return Math.max(captured, c.network + length - c.fragmentData);
}

/** Starts and ends in `Datagram.cuts`: fragments come one behind the other, nearly always. */
const MAX_CUTS = 512;

/** Adds [start, end), joined with what it touches; false: there are too many. */
function noteCut(cuts: number[], start: number, end: number): boolean {
  let at = 0;
  while (at < cuts.length && cuts[at + 1] < start) at += 2;
  let behind = at;
  while (behind < cuts.length && cuts[behind] <= end) behind += 2;
  if (behind === at) cuts.splice(at, 0, start, end);
  else cuts.splice(at, behind - at, Math.min(start, cuts[at]), Math.max(end, cuts[behind - 1]));
  return cuts.length <= MAX_CUTS;
}

function isCut(cuts: readonly number[], from: number, to: number): boolean {
  for (let at = 0; at < cuts.length; at += 2) if (cuts[at] <= from && cuts[at + 1] >= to) return true;
  return false;
}

/** An IPv6 header with its unfragmentable extensions; the fragment header is taken out (RFC 8200 section 4.5). */
function withoutFragmentHeader(c: Cursor): Uint8Array {
  const fragmentHeader = c.fragmentData - 8;
  const header = copyOf(c.bytes, c.network, fragmentHeader);
  if (c.fragmentNextHeaderAt > 0) {
    const at = c.fragmentNextHeaderAt - c.network;
    if (at >= 0 && at < header.length) header[at] = c.bytes[fragmentHeader];
  }
  return header;
}

/** The first fragment came in fragments itself. */
function beginWith(d: Datagram, c: Cursor, around: Datagram): void {
  d.nesting = around.nesting + 1;
  d.tunnels = [...(around.tunnels ?? []), ...describeTunnels(c)];
  d.firstPacket = around.firstPacket;
  d.firstSeconds = around.firstSeconds;
  d.firstNanos = around.firstNanos;
}

function newDatagram(
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

function fragmentKey(c: Cursor, context: number): string {
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
