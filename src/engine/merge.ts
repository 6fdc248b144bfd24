// Puts the text rows of several workers into one order: by cause, then by the flow's first packet. Each worker's rows are in that
// order already, and no two workers have a row with the same pair.

import type { TextBatch } from '../records/text-batch.ts';
import type { Partial } from './pool-messages.ts';

/** Rows already taken of each batch. */
const taken = new WeakMap<TextBatch, number>();

/**
 * Merges as far as it is certain: until a worker that is not done has no more rows. Batches that were used up are set to null in
 * their parts. null when nothing can be merged now.
 */
export function mergeText(parts: readonly { queue: Partial[]; done: boolean }[]): TextBatch | null {
  const chosen: { batch: TextBatch; from: number; to: number }[] = [];
  for (;;) {
    let best: TextBatch | undefined;
    let bestRow = 0;
    let limitCause = Number.POSITIVE_INFINITY;
    let limitFirst = Number.POSITIVE_INFINITY;
    let waiting = false;
    for (const { queue, done } of parts) {
      const batch = queue.find((part) => part.text !== null)?.text;
      if (batch === undefined || batch === null) {
        if (!done) waiting = true;
        continue;
      }
      const row = taken.get(batch) ?? 0;
      const cause = batch.cause[row];
      const first = batch.first[row];
      if (
        best === undefined ||
        cause < best.cause[bestRow] ||
        (cause === best.cause[bestRow] && first < best.first[bestRow])
      ) {
        if (best !== undefined) {
          limitCause = best.cause[bestRow];
          limitFirst = best.first[bestRow];
        }
        best = batch;
        bestRow = row;
      } else if (cause < limitCause || (cause === limitCause && first < limitFirst)) {
        limitCause = cause;
        limitFirst = first;
      }
    }
    if (best === undefined || waiting) break;
    // Everything of this batch that comes before the next worker's first row goes in one piece.
    let to = bestRow + 1;
    while (
      to < best.rows &&
      (best.cause[to] < limitCause || (best.cause[to] === limitCause && best.first[to] < limitFirst))
    )
      to++;
    chosen.push({ batch: best, from: bestRow, to });
    taken.set(best, to);
    if (to === best.rows)
      for (const { queue } of parts) for (const part of queue) if (part.text === best) part.text = null;
  }
  return chosen.length === 0 ? null : joined(chosen);
}

function joined(chosen: readonly { batch: TextBatch; from: number; to: number }[]): TextBatch {
  if (chosen.length === 1 && chosen[0].from === 0 && chosen[0].to === chosen[0].batch.rows) return chosen[0].batch;
  let rows = 0;
  let size = 0;
  for (const { batch, from, to } of chosen) {
    rows += to - from;
    size += batch.ends[to - 1] - startOf(batch, from);
  }
  const out: TextBatch = {
    bytes: new Uint8Array(size),
    ends: new Uint32Array(rows),
    cause: new Float64Array(rows),
    first: new Float64Array(rows),
    types: new Uint8Array(rows),
    rows,
  };
  let row = 0;
  let at = 0;
  for (const { batch, from, to } of chosen) {
    const start = startOf(batch, from);
    out.bytes.set(batch.bytes.subarray(start, batch.ends[to - 1]), at);
    for (let r = from; r < to; r++, row++) {
      out.ends[row] = at + batch.ends[r] - start;
      out.cause[row] = batch.cause[r];
      out.first[row] = batch.first[r];
      out.types[row] = batch.types[r];
    }
    at += batch.ends[to - 1] - start;
  }
  return out;
}

function startOf(batch: TextBatch, row: number): number {
  return row === 0 ? 0 : batch.ends[row - 1];
}
