// Reads the bytes of a column batch from front to back: what all versions of its format have in common. Little-endian.

export class BatchReader {
  protected readonly source: Buffer;
  protected at = 0;

  constructor(bytes: Uint8Array) {
    this.source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Passes over `length` bytes; gives where they begin. Throws a RangeError when they are not there. */
  protected take(length: number): number {
    const at = this.at;
    if (at + length > this.source.length) throw new RangeError('the batch ends too early');
    this.at = at + length;
    return at;
  }

  u8 = (): number => this.source.readUInt8(this.take(1));
  u16 = (): number => this.source.readUInt16LE(this.take(2));
  u32 = (): number => this.source.readUInt32LE(this.take(4));

  text(length: number): string {
    const at = this.take(length);
    return this.source.toString('utf8', at, at + length);
  }

  /** In memory of their own. */
  bytes(): Uint8Array {
    const length = this.u32();
    const at = this.take(length);
    return new Uint8Array(this.source.subarray(at, at + length));
  }
}
