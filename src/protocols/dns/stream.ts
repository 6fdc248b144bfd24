// DNS over TCP (RFC 1035 section 4.2.2, RFC 7766): each message follows two octets that hold its length. Messages come several
// in a segment and one over several segments.

import { u16 } from '../octets.ts';
import type { Direction, EndReason, Verdict } from '../protocol.ts';
import { DnsAnalyzer } from './analyzer.ts';
import { HEADER_OCTETS } from './message.ts';
import * as note from './notes.ts';
import { isPlausibleHeader } from './probe.ts';

const LENGTH_OCTETS = 2;
/** So many lengths without a message behind them, and this is no DNS stream (any more). */
const MAX_BAD_FRAMES = 8;

/** One direction: the beginning of a frame whose rest has not come. */
class Side {
  held = new Uint8Array(0);
  heldOctets = 0;
  /** After a gap: the next segment is read as a frame only when it looks like one. */
  isLost = false;
  /** Octets of a frame that a gap has broken, before the next one. */
  rest = 0;
}

export class DnsStreamAnalyzer extends DnsAnalyzer {
  protected override readonly framingOctets = LENGTH_OCTETS;
  readonly #sides = [new Side(), new Side()] as const;
  #badFrames = 0;
  #isOverLimit = false;

  data(direction: Direction, bytes: Uint8Array, from: number, to: number): Verdict {
    const side = this.#sides[direction];
    let at = from;
    if (side.rest > 0) {
      at += Math.min(side.rest, to - from);
      side.rest -= at - from;
    }
    if (side.isLost) {
      if (!looksLikeFrame(bytes, from, to)) return 'ok';
      side.isLost = false;
    }
    if (side.heldOctets > 0) {
      at = this.#complete(side, bytes, from, to);
      if (at < 0) return this.#isOverLimit ? 'done' : 'ok';
      const { held, heldOctets } = side;
      this.#release(side);
      const verdict = this.#frame(direction, held, LENGTH_OCTETS, heldOctets);
      if (verdict !== 'ok') return verdict;
    }
    while (to - at >= LENGTH_OCTETS) {
      const start = at + LENGTH_OCTETS;
      const end = start + u16(bytes, at);
      if (end > to) break;
      const verdict = this.#frame(direction, bytes, start, end);
      if (verdict !== 'ok') return verdict;
      at = end;
    }
    if (at < to) this.#append(side, bytes, at, to);
    return this.#isOverLimit ? 'done' : 'ok';
  }

  gap(direction: Direction, missing: number): 'continue' {
    this.context.count('gaps');
    const side = this.#sides[direction];
    const rest = side.heldOctets === 0 ? side.rest : restOf(side);
    this.#abandon(direction);
    side.isLost = side.isLost || rest === 0 || missing > rest;
    side.rest = side.isLost ? 0 : rest - missing;
    return 'continue';
  }

  finished(direction: Direction): void {
    this.#abandon(direction);
  }

  override end(reason: EndReason): void {
    this.#abandon(0);
    this.#abandon(1);
    super.end(reason);
  }

  #frame(direction: Direction, bytes: Uint8Array, start: number, end: number): Verdict {
    if (end - start < HEADER_OCTETS || !isPlausibleHeader(bytes, start)) {
      this.context.count('malformed');
      if (!this.isSure && !this.isExpected) return 'reject';
      if (end === start) this.closeOldest(direction, note.ofResponse(note.ZERO_LENGTH));
      return ++this.#badFrames >= MAX_BAD_FRAMES ? 'done' : 'ok';
    }
    this.#badFrames = 0;
    return this.handle(direction, bytes, start, end, end - start, undefined);
  }

  /** Adds what is missing to the held frame. Returns where the bytes behind it start, or -1 when it is still not whole. */
  #complete(side: Side, bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    if (side.heldOctets === 1) {
      this.#append(side, bytes, at, at + 1);
      at++;
    }
    const missing = frameOctets(side) - side.heldOctets;
    const end = Math.min(at + missing, to);
    this.#append(side, bytes, at, end);
    return end - at === missing ? end : -1;
  }

  /** Room grows with the bytes that came, never with the length that was announced. */
  #append(side: Side, bytes: Uint8Array, at: number, to: number): void {
    const octets = side.heldOctets + to - at;
    if (octets > side.held.length) {
      const roomier = new Uint8Array(Math.max(octets, 2 * side.held.length, 64));
      roomier.set(side.held.subarray(0, side.heldOctets));
      side.held = roomier;
    }
    if (!this.context.hold(to - at)) {
      this.context.count('limit');
      this.#isOverLimit = true;
    }
    for (let i = at; i < to; i++) side.held[side.heldOctets++] = bytes[i];
  }

  #release(side: Side): void {
    this.context.hold(-side.heldOctets);
    side.held = new Uint8Array(0);
    side.heldOctets = 0;
  }

  /** The rest of the frame will not come: what is there is published as what it is. */
  #abandon(direction: Direction): void {
    const side = this.#sides[direction];
    const { held, heldOctets } = side;
    if (heldOctets === 0) return;
    this.#release(side);
    if (heldOctets < LENGTH_OCTETS + HEADER_OCTETS || !isPlausibleHeader(held, LENGTH_OCTETS)) return;
    this.handle(direction, held, LENGTH_OCTETS, heldOctets, u16(held, 0), note.INCOMPLETE);
  }
}

/** Octets that are missing of the frame whose beginning is held; 0 where that is not known. */
function restOf(side: Side): number {
  const { held, heldOctets } = side;
  if (heldOctets < LENGTH_OCTETS + HEADER_OCTETS || !isPlausibleHeader(held, LENGTH_OCTETS)) return 0;
  return frameOctets(side) - heldOctets;
}

/** Of the frame whose beginning is held, its length included. */
function frameOctets(side: Side): number {
  return LENGTH_OCTETS + u16(side.held, 0);
}

/** After a gap: a length and a header that make sense, at the start of a segment, where senders put them. */
function looksLikeFrame(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < LENGTH_OCTETS + HEADER_OCTETS) return false;
  return u16(bytes, from) >= HEADER_OCTETS && isPlausibleHeader(bytes, from + LENGTH_OCTETS);
}
