// A stream whose protocol is not known yet: what both sides said so far, for detection to look at again and for the analyzer to begin with.
// What a direction said that nobody can make anything of (the middle of a connection, mostly) is not kept: no analyzer could either.

import type { Direction } from '../protocols/protocol.ts';
import type { Enabled } from './candidates.ts';
import { KeptBytes } from './kept-bytes.ts';

/** Bytes of each direction that detection may keep and look at. */
const DETECTION_BYTES = 16 * 1024;
/** The bits of both directions. */
const BOTH = 3;

/** Whose stream it is. */
export interface Asker {
  readonly seconds: number;
  readonly nanos: number;
  readonly packet: number;
  acknowledged(direction: Direction): number;
  hold(bytes: number): boolean;
  /** Asks the candidates: see `Detection.probe`. */
  probe(direction: Direction, bytes: Uint8Array, from: number, to: number, seen: number): Enabled | 'more' | null;
}

export class UnknownStream {
  readonly #kept: [KeptBytes | undefined, KeptBytes | undefined] = [undefined, undefined];
  /** Bit per direction: what it says is of no use to detection any more. */
  #hopeless: number;
  /** Bytes that came of directions that are of no use. */
  #passed = 0;

  /** `hopeless`: bits of the directions that are known to be of no use. */
  constructor(hopeless = 0) {
    this.#hopeless = hopeless;
  }

  /** Bits of the directions that are of no use, when that is all there is to remember; else 0. */
  get onlyHopeless(): number {
    return this.#kept[0] === undefined && this.#kept[1] === undefined ? this.#hopeless : 0;
  }

  /** What was kept of a direction. */
  kept(direction: Direction): KeptBytes | undefined {
    return this.#kept[direction];
  }

  /**
   * A direction goes on with bytes[from, to). The protocol, when it is known now: what was kept before, these bytes with it, is in `kept`;
   * `'more'` when they were kept because it is not; null when nobody will know it.
   */
  add(asker: Asker, direction: Direction, bytes: Uint8Array, from: number, to: number): Enabled | 'more' | null {
    if ((this.#hopeless & (1 << direction)) !== 0) {
      this.#passed += to - from;
      return this.#passed > DETECTION_BYTES ? null : 'more';
    }
    const kept = this.#kept[direction];
    if (kept === undefined) return this.#begin(asker, direction, bytes, from, to);
    const seen = kept.length;
    keep(asker, kept, direction, bytes, from, to);
    return this.#ask(asker, direction, kept.bytes, 0, kept.length, seen);
  }

  /** Nothing that was kept of a direction is of use. */
  forget(asker: Asker, direction: Direction): void {
    asker.hold(-(this.#kept[direction]?.length ?? 0));
    this.#kept[direction] = undefined;
  }

  /** Keeps nothing any more; what is of no use stays so. */
  clear(): void {
    this.#kept[0] = undefined;
    this.#kept[1] = undefined;
  }

  /** The first bytes of a direction are only copied when they do not tell at once. */
  #begin(asker: Asker, direction: Direction, bytes: Uint8Array, from: number, to: number): Enabled | 'more' | null {
    const found = this.#ask(asker, direction, bytes, from, to, 0);
    if (found === 'more' && (this.#hopeless & (1 << direction)) === 0) {
      const first = new KeptBytes();
      this.#kept[direction] = first;
      keep(asker, first, direction, bytes, from, to);
    }
    return found;
  }

  #ask(
    asker: Asker,
    direction: Direction,
    bytes: Uint8Array,
    from: number,
    to: number,
    seen: number,
  ): Enabled | 'more' | null {
    const found = asker.probe(direction, bytes, from, to, seen);
    if (found !== null && found !== 'more') return found;
    if (found === 'more' && to - from <= DETECTION_BYTES) return found;
    this.#hopeless |= 1 << direction;
    this.forget(asker, direction);
    // The other direction may still tell.
    return this.#hopeless === BOTH ? null : 'more';
  }
}

function keep(asker: Asker, kept: KeptBytes, direction: Direction, bytes: Uint8Array, from: number, to: number): void {
  asker.hold(to - from);
  kept.append(bytes, from, to, asker, asker.acknowledged(direction));
}
