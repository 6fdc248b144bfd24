// A growing buffer for one page at a time, reused from page to page.

export class ByteWriter {
  bytes = new Uint8Array(1 << 16);
  at = 0;

  reset(): void {
    this.at = 0;
  }

  /** Makes room for `size` more bytes, so that callers write to `bytes` without a check per byte. */
  reserve(size: number): void {
    if (this.at + size <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.at + size));
    larger.set(this.bytes.subarray(0, this.at));
    this.bytes = larger;
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  u8(value: number): void {
    this.reserve(1);
    this.bytes[this.at++] = value;
  }

  /** Little-endian. */
  u32(value: number): void {
    this.reserve(4);
    const { bytes, at } = this;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
    this.at = at + 4;
  }

  /** Unsigned LEB128; exact up to 2^53. */
  varint(value: number): void {
    this.reserve(10);
    while (value > 127) {
      this.bytes[this.at++] = (value % 128) | 128;
      value = Math.floor(value / 128);
    }
    this.bytes[this.at++] = value;
  }

  /** Exact up to ±2^52. */
  zigzag(value: number): void {
    this.varint(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  view(): Uint8Array {
    return this.bytes.subarray(0, this.at);
  }
}
