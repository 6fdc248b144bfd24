// Datagrams that were put together a moment ago. A mirror port that shows a packet where it comes in and where it goes out shows each
// fragment twice; the copy of the last one comes when the datagram is whole and gone, and would wait for the others in vain.

import type { Cursor } from '../wire/cursor.ts';
import type { Pieces } from './pieces.ts';

/** Copies of one packet come within so many seconds, mostly a tenth of that. Hosts do repeat themselves after a few milliseconds (MLD). */
const COPY_SECONDS = 0.001;
/** At most so many are remembered, with their bytes. */
const REMEMBERED = 32;

/** May packets of these two times be copies of one? */
export function areCopyTimes(seconds: number, nanos: number, otherSeconds: number, otherNanos: number): boolean {
  return Math.abs(seconds - otherSeconds + (nanos - otherNanos) / 1e9) <= COPY_SECONDS;
}

interface Whole {
  readonly key: string;
  readonly pieces: Pieces;
  readonly total: number;
  readonly lastSeconds: number;
  readonly lastNanos: number;
}

export class WholeDatagrams<Datagram extends Whole> {
  /** The oldest one first. */
  readonly #recent = new Map<string, Datagram>();

  note(d: Datagram): void {
    const recent = this.#recent;
    recent.delete(d.key);
    recent.set(d.key, d);
    if (recent.size <= REMEMBERED) return;
    for (const key of recent.keys()) {
      recent.delete(key);
      return;
    }
  }

  /** The datagram that the fragment at the cursor is a copy of a part of: the same bytes at the same place, a moment later. */
  find(key: string, c: Cursor, seconds: number, nanos: number): Datagram | undefined {
    const d = this.#recent.get(key);
    if (d === undefined) return undefined;
    if (!areCopyTimes(seconds, nanos, d.lastSeconds, d.lastNanos)) return undefined;
    const end = c.fragmentOffset + c.payloadEnd - c.fragmentData;
    if (end <= c.fragmentOffset || (c.moreFragments ? end >= d.total : end !== d.total)) return undefined;
    return d.pieces.hold(c.fragmentOffset, c.bytes, c.fragmentData, c.payloadEnd) ? d : undefined;
  }
}
