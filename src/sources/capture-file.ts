// One capture file (or standard input) as a source of packets: reads chunks, lets the format's walker find the packets, and
// carries the record that a chunk cuts in two over to the next. Everything before damage is delivered, then the damage is told.

import { BatchPool } from './batch-pool.ts';
import type { ByteSource } from './bytes/byte-source.ts';
import { openBytes } from './bytes/open.ts';
import { MAGIC_BYTES, walkerFor } from './format.ts';
import { InputError } from './input-error.ts';
import { type Allocate, type Damage, growBatchBytes, type PacketBatch } from './source.ts';
import type { Findings, Walker } from './walker.ts';

export interface ChunkOptions {
  /** Bytes read at once. 256 KiB measured best end to end: smaller costs system calls, larger leaves the CPU's cache. */
  chunkBytes: number;
  /** Packets per batch. 16,384 holds what a chunk can hold. */
  capacity: number;
  /** Batches in circulation: with more than one, the next is filled while another thread still reads the last. */
  buffers: number;
  allocate: Allocate;
  /** Whether to compute the SHA-256 of what is read. */
  digest: boolean;
  /** Where the bytes come from, when that is no file of this name. */
  bytes?: ByteSource;
}

export const CHUNK_DEFAULTS: ChunkOptions = {
  chunkBytes: 256 * 1024,
  capacity: 16_384,
  buffers: 1,
  allocate: (bytes) => new ArrayBuffer(bytes),
  digest: false,
};

type Next = PacketBatch | 'idle' | 'end';

export class CaptureFile {
  readonly path: string;
  /** Packets found so far. */
  packets = 0;
  damage: Damage | undefined;
  readonly #findings: Findings;
  readonly #options: ChunkOptions;
  readonly #pool: BatchPool;
  /** Of the batches taken from the pool, those that are not held outside. */
  readonly #free: PacketBatch[] = [];
  #bytes: ByteSource | undefined;
  #walker: Walker | undefined;
  #firstNumber = 1;
  /** The batch whose bytes `[#tailFrom, #tailTo)` are still to be walked, and the offset in the file of its first byte. */
  #last: PacketBatch | undefined;
  #tailFrom = 0;
  #tailTo = 0;
  #base = 0;
  /** The last walk stopped because the batch was full: more whole records may stand in the tail. */
  #isTailWhole = false;
  #isAtEnd = false;
  #isDone = false;

  constructor(path: string, findings: Findings, options: Partial<ChunkOptions> = {}, pool?: BatchPool) {
    this.path = path;
    this.#findings = findings;
    this.#options = { ...CHUNK_DEFAULTS, ...options };
    const { chunkBytes, capacity, allocate } = this.#options;
    this.#pool = pool ?? new BatchPool(chunkBytes, capacity, allocate);
  }

  /** Reads the first bytes. Throws InputError when this is no capture; an empty or cut file is damage, found by `next()`. */
  async open(firstNumber = 1): Promise<void> {
    this.#firstNumber = firstNumber;
    this.#bytes = this.#options.bytes ?? (await openBytes(this.path, this.#options.digest));
    for (let i = 0; i < this.#options.buffers; i++) this.#free.push(this.#pool.take());
    this.#last = this.#free[this.#free.length - 1];
    const { bytes } = this.#last;
    while (this.#tailTo < MAGIC_BYTES) {
      const n = await this.#bytes.read(bytes, this.#tailTo, bytes.length - this.#tailTo);
      if (n === 0) break;
      this.#tailTo += n;
    }
    this.#walker = walkerFor(bytes, this.#tailTo, this.path, this.#findings);
    if (this.#walker !== undefined) return;
    this.#finish();
    if (this.#tailTo > 0) {
      await this.#bytes.close();
      throw this.#notACapture(bytes.subarray(0, this.#tailTo));
    }
    const { broken, isCut } = this.#bytes;
    if (broken === '') this.#setDamage(0, 'the file is empty', true);
    else this.#setDamage(0, broken, isCut);
  }

  /** 'idle' only when every batch is still held. */
  next(): Next | Promise<Next> {
    if (this.#isDone) return 'end';
    const batch = this.#free.pop();
    if (batch === undefined) return 'idle';
    this.#carry(batch);
    if (this.#isTailWhole || this.#isAtEnd) {
      const result = this.#walk(batch);
      if (result !== undefined) return result;
    }
    return this.#fill(batch);
  }

  release(batch: PacketBatch): void {
    if (this.#isDone) this.#pool.give(batch);
    else this.#free.push(batch);
  }

  get bytesRead(): number {
    return this.#bytes?.bytesRead ?? 0;
  }
  get bytesTotal(): number {
    return this.#bytes?.bytesTotal ?? 0;
  }
  /** SHA-256 (hex) of the bytes read so far, as they are on disk; '' unless asked for. */
  digest(): string {
    return this.#bytes?.digest() ?? '';
  }
  async close(): Promise<void> {
    this.#finish();
    await this.#bytes?.close();
  }

  /** Moves what the last walk left over to the start of `batch`, with room behind it. */
  #carry(batch: PacketBatch): void {
    const last = this.#last!.bytes;
    const length = this.#tailTo - this.#tailFrom;
    if (batch.bytes.length <= length) this.#grow(batch, length);
    if (last === batch.bytes) last.copyWithin(0, this.#tailFrom, this.#tailTo);
    else batch.bytes.set(last.subarray(this.#tailFrom, this.#tailTo));
    this.#base += this.#tailFrom;
    this.#tailFrom = 0;
    this.#tailTo = length;
    this.#last = batch;
    batch.count = 0;
  }

  /** A record is longer than the buffer: twice the room, with what is there. Walkers refuse lengths that no packet has. */
  #grow(batch: PacketBatch, atLeast: number): void {
    growBatchBytes(batch, 2 * Math.max(atLeast, batch.bytes.length), this.#options.allocate);
  }

  #fill(batch: PacketBatch): Next | Promise<Next> {
    for (;;) {
      if (this.#tailFrom > 0) this.#carry(batch);
      else if (this.#tailTo === batch.bytes.length) this.#grow(batch, this.#tailTo);
      const n = this.#bytes!.read(batch.bytes, this.#tailTo, batch.bytes.length - this.#tailTo);
      if (typeof n !== 'number') return n.then((got) => this.#took(batch, got) ?? this.#fill(batch));
      const result = this.#took(batch, n);
      if (result !== undefined) return result;
    }
  }

  #took(batch: PacketBatch, n: number): Next | undefined {
    this.#tailTo += n;
    if (n === 0) this.#isAtEnd = true;
    return this.#walk(batch);
  }

  /** Undefined when more bytes are needed. */
  #walk(batch: PacketBatch): Next | undefined {
    const walker = this.#walker!;
    const number = this.#firstNumber + this.packets;
    this.#tailFrom = walker.walk(batch, this.#tailFrom, this.#tailTo, number);
    this.#isTailWhole = batch.count === batch.offset.length;
    if (batch.count > 0) {
      this.packets += batch.count;
      batch.firstPacket = number;
      return batch;
    }
    if (walker.damage === '' && !this.#isAtEnd) return undefined;
    if (walker.damage !== '') this.#setDamage(this.#base + this.#tailFrom, walker.damage, false);
    else {
      const { broken, isCut } = this.#bytes!;
      const cut = walker.cut(batch, this.#tailFrom, this.#tailTo);
      if (broken !== '') this.#setDamage(this.#base + this.#tailFrom, broken, isCut);
      else if (cut !== '') this.#setDamage(this.#base + this.#tailFrom, cut, true);
    }
    this.#free.push(batch);
    this.#finish();
    return 'end';
  }

  #finish(): void {
    this.#isDone = true;
    for (const batch of this.#free.splice(0)) this.#pool.give(batch);
    this.#last = undefined;
  }

  #setDamage(offset: number, reason: string, cutAtEnd: boolean): void {
    this.damage = { file: this.path, packet: this.packets + 1, offset, reason, cutAtEnd };
  }

  #notACapture(head: Uint8Array): InputError {
    const hex = Array.from(head.subarray(0, 8), (b) => b.toString(16).padStart(2, '0')).join(' ');
    const text = Array.from(head.subarray(0, 8), (b) => (b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : '.')).join(
      '',
    );
    const known = 'pcap, pcapng and snoop are read, plain or compressed by gzip or zstd';
    const name = this.path === '-' ? 'standard input' : this.path;
    return new InputError(this.path, `${name} is not a capture file: it begins with ${hex} (“${text}”); ${known}`);
  }
}
