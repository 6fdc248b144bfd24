// Puts IP datagrams together from their fragments (RFC 791 section 3.2, RFC 8200 section 4.5). A datagram is known by addresses,
// protocol, identification and the key context it travels in (VLANs, virtual network, tunnel depth). Every fragment is counted in
// a flow in the end: with the datagram's ports when they became known, without them otherwise.

import type { Cursor } from '../wire/cursor.ts';
import { noteCut } from './cuts.ts';
import {
  beginWith,
  type Datagram,
  fragmentKey,
  isWhole,
  newDatagram,
  sentLength,
  withoutFragmentHeader,
} from './datagram.ts';
import { FRAGMENT_NEW_WINS, type FragmentPolicy } from './overlap.ts';
import { copyOf } from './pieces.ts';
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
