// Puts the rows of several workers into one order: by cause, then by the flow's first packet. Each worker's rows are in that
// order already, and no two workers have a row with the same pair.

import type { EncodedRows } from './encoded-rows.ts';
import type { Partial } from './pool-messages.ts';

/** Rows already taken of each batch. */
const taken = new WeakMap<EncodedRows, number>();

/**
 * Merges as far as it is certain: until a worker that is not done has no more rows. Batches that were used up are set to null in
 * their parts. null when nothing can be merged now.
 */
export function mergeRows(parts: readonly { queue: Partial[]; done: boolean }[]): EncodedRows | null {
  const chosen: { batch: EncodedRows; from: number; to: number }[] = [];
  for (;;) {
    let best: EncodedRows | undefined;
    let bestRow = 0;
    let limitCause = Number.POSITIVE_INFINITY;
    let limitFirst = Number.POSITIVE_INFINITY;
    let waiting = false;
    for (const { queue, done } of parts) {
      const batch = queue.find((part) => part.rows !== null)?.rows;
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
      for (const { queue } of parts) for (const part of queue) if (part.rows === best) part.rows = null;
  }
  return chosen.length === 0 ? null : joined(chosen);
}

function joined(chosen: readonly { batch: EncodedRows; from: number; to: number }[]): EncodedRows {
  if (chosen.length === 1 && chosen[0].from === 0 && chosen[0].to === chosen[0].batch.rows) return chosen[0].batch;
  let rows = 0;
  for (const { from, to } of chosen) rows += to - from;
  const out: EncodedRows = {
    encodings: chosen[0].batch.encodings.map((_, encoding) => joinedEncoding(chosen, encoding, rows)),
    cause: new Float64Array(rows),
    first: new Float64Array(rows),
    types: new Uint8Array(rows),
    rows,
  };
  let row = 0;
  for (const { batch, from, to } of chosen) {
    out.cause.set(batch.cause.subarray(from, to), row);
    out.first.set(batch.first.subarray(from, to), row);
    out.types.set(batch.types.subarray(from, to), row);
    row += to - from;
  }
  return out;
}

function joinedEncoding(
  chosen: readonly { batch: EncodedRows; from: number; to: number }[],
  encoding: number,
  rows: number,
): EncodedRows['encodings'][number] {
  let size = 0;
  for (const { batch, from, to } of chosen) {
    const { ends } = batch.encodings[encoding];
    size += ends[to - 1] - startOf(ends, from);
  }
  const out = { bytes: new Uint8Array(size), ends: new Uint32Array(rows) };
  let row = 0;
  let at = 0;
  for (const { batch, from, to } of chosen) {
    const { bytes, ends } = batch.encodings[encoding];
    const start = startOf(ends, from);
    out.bytes.set(bytes.subarray(start, ends[to - 1]), at);
    for (let r = from; r < to; r++) out.ends[row++] = at + ends[r] - start;
    at += ends[to - 1] - start;
  }
  return out;
}

function startOf(ends: Uint32Array, row: number): number {
  return row === 0 ? 0 : ends[row - 1];
}
