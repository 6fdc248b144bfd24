// Records leave a capturing thread: as messages, never waiting. What is on its way is counted; when the sinks lag behind, the less
// important types are dropped first, and every dropped record is counted by type.

import type { MessagePort } from 'node:worker_threads';
import { type ColumnBatch, transferList } from '../records/columns.ts';
import type { Family, RecordType } from '../records/record.ts';
import type { Delivery } from './delivery.ts';
import { type EncodedRows, rowBuffers, type WantedEncodings } from './encoded-rows.ts';
import { CONTROL_WAITING, type FromLiveWorker } from './live-messages.ts';

/** How full the way may be, in percent, for a family still to be sent. What accounts for the traffic goes last. */
const LIMIT_PERCENT: Readonly<Record<Family, number>> = {
  audit: 50,
  transaction: 75,
  flow: 100,
  'tcp-state': 100,
  loss: 100,
};

const ROOM_LOOK_MS = 2;

export class LiveDelivery implements Delivery {
  readonly wanted: WantedEncodings;
  /** Records that were dropped, by type. */
  readonly dropped: Map<string, number>;
  readonly #port: Pick<MessagePort, 'postMessage'>;
  readonly #types: readonly RecordType[];
  readonly #waiting: Int32Array;
  readonly #maxBytes: number;
  readonly #patienceMs: number;
  #isStalled = false;

  /**
   * `waiting`: shared words, of which `CONTROL_WAITING` counts the bytes on their way. `patienceMs`: how long records wait for room while
   * nothing is taken, before the first are dropped; much comes at once when all flows are written.
   */
  constructor(
    port: Pick<MessagePort, 'postMessage'>,
    types: readonly RecordType[],
    wanted: WantedEncodings,
    waiting: Int32Array,
    maxBytes: number,
    patienceMs = 0,
    dropped = new Map<string, number>(),
  ) {
    this.dropped = dropped;
    this.wanted = wanted;
    this.#port = port;
    this.#types = types;
    this.#waiting = waiting;
    this.#maxBytes = maxBytes;
    this.#patienceMs = patienceMs;
  }

  get hasRoom(): boolean {
    return this.#hasRoom('audit');
  }

  async rows(batch: EncodedRows): Promise<void> {
    for (const { family } of this.#types) if (!this.#hasRoom(family)) await this.#room(family);
    const kept = this.#types.map((type) => this.#hasRoom(type.family));
    const rows = kept.includes(false) ? this.#without(batch, kept) : copyOf(batch);
    if (rows.rows === 0) return;
    const bytes = rowBuffers(rows).reduce((sum, buffer) => sum + buffer.byteLength, 0);
    this.#send({ kind: 'rows', rows, bytes }, bytes, rowBuffers(rows));
  }

  async columns(batch: ColumnBatch): Promise<void> {
    const type = this.#types.find(({ name }) => name === batch.type)!;
    if (!(await this.#room(type.family))) {
      this.#drop(batch.type, batch.rows);
      return;
    }
    const buffers = transferList(batch);
    const bytes = buffers.reduce((sum, buffer) => sum + buffer.byteLength, 0);
    this.#send({ kind: 'columns', columns: batch, bytes }, bytes, buffers);
  }

  #hasRoom(family: Family): boolean {
    return Atomics.load(this.#waiting, CONTROL_WAITING) < (this.#maxBytes * LIMIT_PERCENT[family]) / 100;
  }

  /** Waits for room as long as some is made. Whoever waited in vain does not wait again before there was some. */
  async #room(family: Family): Promise<boolean> {
    let least = Number.POSITIVE_INFINITY;
    let madeAt = performance.now();
    while (!this.#hasRoom(family)) {
      const waiting = Atomics.load(this.#waiting, CONTROL_WAITING);
      if (waiting < least) {
        least = waiting;
        madeAt = performance.now();
      }
      if (this.#isStalled || performance.now() - madeAt >= this.#patienceMs) {
        this.#isStalled = true;
        return false;
      }
      await new Promise((resolve) => setTimeout(resolve, ROOM_LOOK_MS));
    }
    this.#isStalled = false;
    return true;
  }

  #drop(type: string, rows: number): void {
    this.dropped.set(type, (this.dropped.get(type) ?? 0) + rows);
  }

  #send(message: FromLiveWorker, bytes: number, buffers: ArrayBuffer[]): void {
    Atomics.add(this.#waiting, CONTROL_WAITING, bytes);
    this.#port.postMessage(message, buffers);
  }

  /** The rows of the types that are kept; the others are counted as dropped. */
  #without(batch: EncodedRows, kept: readonly boolean[]): EncodedRows {
    const { types, rows, encodings, cause, first } = batch;
    const chosen: number[] = [];
    for (let row = 0; row < rows; row++) {
      if (kept[types[row]]) chosen.push(row);
      else this.#drop(this.#types[types[row]].name, 1);
    }
    return {
      encodings: encodings.map(({ bytes, ends }) => {
        const from = (row: number) => (row === 0 ? 0 : ends[row - 1]);
        const out = new Uint8Array(chosen.reduce((sum, row) => sum + ends[row] - from(row), 0));
        const outEnds = new Uint32Array(chosen.length);
        let at = 0;
        for (const [i, row] of chosen.entries()) {
          out.set(bytes.subarray(from(row), ends[row]), at);
          at += ends[row] - from(row);
          outEnds[i] = at;
        }
        return { bytes: out, ends: outEnds };
      }),
      cause: Float64Array.from(chosen, (row) => cause[row]),
      first: Float64Array.from(chosen, (row) => first[row]),
      types: Uint8Array.from(chosen, (row) => types[row]),
      rows: chosen.length,
    };
  }
}

/** The batch's memory is used again by whoever filled it. */
function copyOf({ encodings, cause, first, types, rows }: EncodedRows): EncodedRows {
  return {
    encodings: encodings.map(({ bytes, ends }) => ({ bytes: bytes.slice(), ends: ends.slice(0, rows) })),
    cause: cause.slice(0, rows),
    first: first.slice(0, rows),
    types: types.slice(0, rows),
    rows,
  };
}
