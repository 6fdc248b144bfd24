// DELTA_BINARY_PACKED, reading (parquet-format Encodings.md): the first value as two words, then the differences.

const HIGHEST_WIDTH = 64;

export interface Deltas {
  /** The first value, two's complement. */
  readonly high: number;
  readonly low: number;
  /** `count - 1` of them. */
  readonly deltas: Float64Array;
  /** Offset of what follows. */
  readonly end: number;
}

/** Throws a RangeError when the bytes end too early or say another count. */
export function readDeltas(bytes: Uint8Array, count: number): Deltas {
  const reader = new BitReader(bytes);
  const blockSize = reader.varint();
  const miniblocks = reader.varint();
  if (reader.varint() !== count) throw new RangeError('it has another number of values than its page says');
  if (blockSize < 1 || miniblocks < 1 || blockSize % miniblocks !== 0) throw new RangeError('a block is damaged');
  const { high, low } = reader.zigzag64();
  const deltas = new Float64Array(Math.max(0, count - 1));
  const size = blockSize / miniblocks;
  for (let done = 0; done < deltas.length; ) {
    const smallest = reader.zigzag();
    const widths = reader.take(miniblocks);
    for (let mini = 0; mini < miniblocks; mini++) {
      const width = bytes[widths + mini];
      if (width > HIGHEST_WIDTH) throw new RangeError('a block is damaged');
      // A miniblock behind the last value may still have its bytes.
      const from = reader.take((width * size) >> 3);
      const to = Math.min(deltas.length, done + size);
      if (width > 0) reader.unpack(from, width, deltas, done, to);
      for (; done < to; done++) deltas[done] += smallest;
    }
  }
  return { high, low, deltas, end: reader.at };
}

class BitReader {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  take(length: number): number {
    const { at } = this;
    if (at + length > this.#bytes.length) throw new RangeError('it ends too early');
    this.at = at + length;
    return at;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.#bytes[this.take(1)];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
    throw new RangeError('a number is too long');
  }

  /** Exact up to ±2^52. */
  zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  zigzag64(): { high: number; low: number } {
    let high = 0;
    let low = 0;
    for (let shift = 0, byte = 128; byte >= 128; shift += 7) {
      if (shift > 63) throw new RangeError('a number is too long');
      byte = this.#bytes[this.take(1)];
      const bits = byte & 127;
      if (shift < 32) {
        low |= bits << shift;
        if (shift > 25) high |= bits >>> (32 - shift);
      } else high |= bits << (shift - 32);
    }
    const sign = -(low & 1);
    return { high: ((high >>> 1) ^ sign) >>> 0, low: (((low >>> 1) | (high << 31)) ^ sign) >>> 0 };
  }

  /** Values of `width` bits, least significant first, into `values[from, to)`. */
  unpack(at: number, width: number, values: Float64Array, from: number, to: number): void {
    const bytes = this.#bytes;
    let bit = 0;
    for (let i = from; i < to; i++) {
      let value = 0;
      let scale = 1;
      for (let left = width; left > 0; ) {
        const offset = bit & 7;
        const taken = Math.min(8 - offset, left);
        value += ((bytes[at + (bit >> 3)] >> offset) & ((1 << taken) - 1)) * scale;
        scale *= 2 ** taken;
        bit += taken;
        left -= taken;
      }
      values[i] = value;
    }
  }
}
