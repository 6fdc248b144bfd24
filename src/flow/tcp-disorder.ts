// Segments out of order: holes, what fills them, what was sent again.

import * as layout from './layout.ts';
import type { FlowTable } from './table.ts';

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const { E_GAPS_A, E_HOLE_A, E_RETRANSMITS_A, FIN, F_SEQUENCE_A, SYN } = layout;

/** A segment that is not the next one: ahead of a hole, late into one, or sent again. */
export function trackDisorder(
  table: FlowTable,
  base: number,
  side: number,
  ahead: number,
  sequence: number,
  consumed: number,
  flags: number,
): void {
  const words = table.words;
  const next = base + F_SEQUENCE_A + side;
  const e = table.extensions.of(base);
  const x = table.extensions.words;
  const hole = e + E_HOLE_A + 2 * side;
  if (ahead > 0) {
    x[e + E_GAPS_A + side]++;
    x[hole] = words[next];
    x[hole + 1] = sequence;
    words[next] = sequence + consumed;
    return;
  }
  const beyond = (sequence + consumed - words[next]) | 0;
  if (beyond > 0) {
    words[next] = sequence + consumed;
    return;
  }
  // A keep-alive repeats the byte before the next one, or no byte at all.
  if (ahead === -1 && consumed <= 1 && (flags & (SYN | FIN)) === 0) return;
  if (x[hole] !== x[hole + 1] && ((sequence - x[hole]) | 0) >= 0 && ((x[hole + 1] - (sequence + consumed)) | 0) >= 0) {
    if (sequence === x[hole]) x[hole] = sequence + consumed;
    return;
  }
  x[e + E_RETRANSMITS_A + side]++;
}
