// Where packets wait, as keys, while the flow log is being read: a byte queue from a bounded pool. It begins small and doubles as it
// fills; when the pool has no more, it says so and the source must wait.
//
// An element is: 1 byte family, the endpoint hash (13 or 37 bytes), 1 byte packet type, 1 byte auxiliary information, 1 byte errno
// (signed), 4 bytes packet size: hash + 8. goProbe's has one byte less, because it has no place for the family and guesses.

import { EP_HASH_V4_BYTES, EP_HASH_V6_BYTES } from './ep-hash.ts';

const FIRST_BYTES = 4096;
/** Bytes of an element besides its hash. */
export const ELEMENT_OVERHEAD = 8;
export const DEFAULT_BUFFERS = 1;
export const DEFAULT_SIZE_LIMIT = 64 * 1024 * 1024;

export class LocalBufferOverflowError extends Error {
  override readonly name = 'LocalBufferOverflowError';
  constructor(limit: number) {
    super(`the local buffers are full (${limit} bytes): packets wait in the ring until the flows are read`);
  }
}

export interface BufferedPacket {
  epHash: Uint8Array;
  packetType: number;
  packetSize: number;
  isIPv4: boolean;
  auxInfo: number;
  errno: number;
}

/** `n` buffers that share `maxSize` bytes. */
export class LocalBufferPool {
  readonly maxSize: number;
  #free: number;
  #used = 0;
  #overflows = 0;

  constructor(n: number = DEFAULT_BUFFERS, maxSize: number = DEFAULT_SIZE_LIMIT) {
    this.#free = n;
    this.maxSize = maxSize;
  }

  /** A buffer, or undefined while all are in use. */
  get(): LocalBuffer | undefined {
    if (this.#free === 0) return undefined;
    this.#free--;
    return new LocalBuffer(this);
  }
  put(buffer: LocalBuffer): void {
    buffer.assign(EMPTY);
    this.#free++;
  }

  /** Part of the pool that is in use, 0 to 1: the gauge `global_packet_buffer_usage`. */
  usage(): number {
    return this.maxSize === 0 ? 1 : this.#used / this.maxSize;
  }
  /** How often a packet found no room. */
  get overflows(): number {
    return this.#overflows;
  }

  /** Asked by buffers: `by` more bytes (or fewer). False when there are not so many. */
  resize(by: number): boolean {
    if (by > 0 && this.#used + by > this.maxSize) return false;
    this.#used += by;
    return true;
  }
  overflowed(): void {
    this.#overflows++;
  }
}

const EMPTY = new Uint8Array(0);

export class LocalBuffer {
  readonly #pool: LocalBufferPool | undefined;
  #bytes: Uint8Array = EMPTY;
  #view: DataView<ArrayBufferLike> = new DataView(EMPTY.buffer);
  /** Bytes that count against the pool. */
  #owned = 0;
  #write = 0;
  #read = 0;

  /** Without a pool the buffer has what `assign` gives it. */
  constructor(pool?: LocalBufferPool) {
    this.#pool = pool;
  }

  /** Takes `bytes` as its memory, empty; what it had from its pool goes back. */
  assign(bytes: Uint8Array): void {
    this.#pool?.resize(-this.#owned);
    this.#owned = 0;
    this.#use(bytes);
    this.reset();
  }

  /** Appends a packet. False when there is no room: nothing was taken. */
  add(
    epHash: Uint8Array,
    packetType: number,
    packetSize: number,
    isIPv4: boolean,
    auxInfo: number,
    errno: number,
  ): boolean {
    const length = isIPv4 ? EP_HASH_V4_BYTES : EP_HASH_V6_BYTES;
    if (this.#write + length + ELEMENT_OVERHEAD > this.#bytes.length && !this.#grow()) {
      this.#pool?.overflowed();
      return false;
    }
    const bytes = this.#bytes;
    let at = this.#write;
    bytes[at++] = isIPv4 ? 4 : 6;
    bytes.set(epHash, at);
    at += length;
    bytes[at++] = packetType;
    bytes[at++] = auxInfo;
    this.#view.setInt8(at++, errno);
    this.#view.setUint32(at, packetSize);
    this.#write = at + 4;
    return true;
  }

  /** Bytes written; `rewind` goes back to there, as if what was added since had not been. */
  get written(): number {
    return this.#write;
  }
  rewind(written: number): void {
    this.#write = written;
  }

  /** The packet that was added first and not taken yet. */
  next(): BufferedPacket | undefined {
    if (this.#read >= this.#write) return undefined;
    const bytes = this.#bytes;
    let at = this.#read;
    const isIPv4 = bytes[at++] === 4;
    const epHash = bytes.slice(at, at + (isIPv4 ? EP_HASH_V4_BYTES : EP_HASH_V6_BYTES));
    at += epHash.length;
    const packet = {
      epHash,
      isIPv4,
      packetType: bytes[at],
      auxInfo: bytes[at + 1],
      errno: this.#view.getInt8(at + 2),
      packetSize: this.#view.getUint32(at + 3),
    };
    this.#read = at + 7;
    return packet;
  }

  /** Forgets what is in it; keeps its memory. */
  reset(): void {
    this.#write = 0;
    this.#read = 0;
  }

  /** Part of what it may have that is written, 0 to 1. */
  usage(): number {
    const limit = this.#pool?.maxSize ?? this.#bytes.length;
    return limit === 0 ? 0 : this.#write / limit;
  }

  #use(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #grow(): boolean {
    const pool = this.#pool;
    if (pool === undefined) return false;
    const now = this.#bytes.length;
    // Doubled, or what is left of the pool when that is less.
    for (let size = now === 0 ? FIRST_BYTES : now * 2; size > now; size = Math.floor((size + now) / 2)) {
      if (size - now < ELEMENT_OVERHEAD + EP_HASH_V6_BYTES) return false;
      if (!pool.resize(size - this.#owned)) continue;
      const bytes = new Uint8Array(size);
      bytes.set(this.#bytes);
      this.#owned = size;
      this.#use(bytes);
      return true;
    }
    return false;
  }
}
