// One file among several that are merged: its packets in its own order, and the time of the next of them.

import type { BatchPool } from './batch-pool.ts';
import { CaptureFile, type ChunkOptions } from './capture-file.ts';
import type { InputFile } from './expand.ts';
import type { PacketBatch } from './source.ts';
import type { Findings } from './walker.ts';

/** A first look needs little: one packet. */
const PROBE_CHUNK_BYTES = 64 * 1024;
const PROBE_CAPACITY = 16;

export class Lane {
  readonly file: CaptureFile;
  /** Position among the inputs: decides between packets of the same time. */
  readonly order: number;
  isOpen = false;
  isOver = false;
  /** Bytes of the file, 0 when unknown. */
  bytesTotal = 0;
  /** Link type of the first packet; -1 when there is none. */
  linkType = -1;
  /** Time of the next packet. */
  seconds = 0;
  nanos = 0;
  /** Packets at hand from `at` on; undefined when the next have to be asked for. */
  batch: PacketBatch | undefined;
  at = 0;

  constructor(path: string, order: number, findings: Findings, options: ChunkOptions, pool: BatchPool) {
    this.file = new CaptureFile(path, findings, options, pool);
    this.order = order;
  }

  /** Whether the next packet of this lane comes before that of `other`. */
  isBefore(other: Lane): boolean {
    return isEarlier(this.seconds, this.nanos, this.order, other);
  }

  /** Opens the file for good and gets the first packets. */
  async open(firstNumber: number): Promise<void> {
    await this.file.open(firstNumber);
    this.isOpen = true;
    this.bytesTotal = this.file.bytesTotal;
    this.take(await this.file.next());
    if (this.batch !== undefined) this.linkType = this.batch.linkType[0];
  }

  /** Looks at the first packet and closes the file again. Throws InputError when it is no capture. */
  async probe({ path }: InputFile): Promise<void> {
    const scratch: Findings = { interfaces: [], secrets: [], names: [], timesOutside: 0 };
    const file = new CaptureFile(path, scratch, { chunkBytes: PROBE_CHUNK_BYTES, capacity: PROBE_CAPACITY });
    try {
      await file.open();
      this.bytesTotal = file.bytesTotal;
      const first = await file.next();
      if (typeof first === 'string') return;
      this.seconds = first.seconds[0];
      this.nanos = first.nanos[0];
      this.linkType = first.linkType[0];
    } finally {
      await file.close();
    }
  }

  /** What `file.next()` gave. */
  take(next: PacketBatch | 'idle' | 'end'): void {
    if (next === 'end') this.isOver = true;
    else if (next !== 'idle') {
      this.batch = next;
      this.moveTo(0);
    }
  }

  /** Makes entry `at` of the batch the next packet. */
  moveTo(at: number): void {
    this.at = at;
    this.seconds = this.batch!.seconds[at];
    this.nanos = this.batch!.nanos[at];
  }

  /** How many packets from `at` on come before the next packet of `other`. */
  countBefore(other: Lane | undefined): number {
    const { count, seconds, nanos } = this.batch!;
    if (other === undefined) return count - this.at;
    let i = this.at;
    while (i < count && isEarlier(seconds[i], nanos[i], this.order, other)) i++;
    return i - this.at;
  }
}

function isEarlier(seconds: number, nanos: number, order: number, than: Lane): boolean {
  if (seconds !== than.seconds) return seconds < than.seconds;
  if (nanos !== than.nanos) return nanos < than.nanos;
  return order < than.order;
}
