// Thrift's compact protocol, writing only: what Parquet's page headers and footer are made of.
// Source: thrift/doc/specs/thrift-compact-protocol.md. Lengths and numbers are varints, field ids are deltas.

const TRUE = 1;
const FALSE = 2;
const I8 = 3;
const I32 = 5;
const I64 = 6;
const BINARY = 8;
const LIST = 9;
const STRUCT = 12;

export const ThriftType = { I32, BINARY, STRUCT } as const;

export class ThriftWriter {
  #bytes = Buffer.allocUnsafe(512);
  #at = 0;
  #lastId = 0;
  readonly #outerIds: number[] = [];

  #reserve(size: number): void {
    if (this.#at + size <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + size));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }

  /** An unsigned varint; exact up to 2^53. */
  #varint(value: number): void {
    this.#reserve(10);
    while (value > 127) {
      this.#bytes[this.#at++] = (value % 128) | 128;
      value = Math.floor(value / 128);
    }
    this.#bytes[this.#at++] = value;
  }

  #zigzag(value: number): void {
    this.#varint(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  #header(id: number, type: number): this {
    this.#reserve(8);
    const delta = id - this.#lastId;
    if (delta > 0 && delta < 16) this.#bytes[this.#at++] = (delta << 4) | type;
    else {
      this.#bytes[this.#at++] = type;
      this.#zigzag(id);
    }
    this.#lastId = id;
    return this;
  }

  i8(id: number, value: number): this {
    this.#header(id, I8);
    this.#reserve(1);
    this.#bytes[this.#at++] = value;
    return this;
  }

  i32(id: number, value: number): this {
    this.#header(id, I32).#zigzag(value);
    return this;
  }

  /** Exact up to 2^52. */
  i64(id: number, value: number): this {
    this.#header(id, I64).#zigzag(value);
    return this;
  }

  bool(id: number, value: boolean): this {
    return this.#header(id, value ? TRUE : FALSE);
  }

  text(id: number, value: string): this {
    this.#header(id, BINARY);
    return this.textElement(value);
  }

  binary(id: number, value: Uint8Array): this {
    this.#header(id, BINARY);
    this.#varint(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
    return this;
  }

  list(id: number, elementType: number, count: number): this {
    this.#header(id, LIST);
    this.#reserve(1);
    if (count < 15) this.#bytes[this.#at++] = (count << 4) | elementType;
    else {
      this.#bytes[this.#at++] = 0xf0 | elementType;
      this.#varint(count);
    }
    return this;
  }

  /** An element of a list of i32. */
  i32Element(value: number): this {
    this.#zigzag(value);
    return this;
  }

  textElement(value: string): this {
    const length = Buffer.byteLength(value);
    this.#varint(length);
    this.#reserve(length);
    this.#at += this.#bytes.write(value, this.#at);
    return this;
  }

  /** Begins a struct that is a field; `end` closes it. */
  struct(id: number): this {
    return this.#header(id, STRUCT).structElement();
  }

  /** Begins a struct that is an element of a list. */
  structElement(): this {
    this.#outerIds.push(this.#lastId);
    this.#lastId = 0;
    return this;
  }

  end(): this {
    this.#reserve(1);
    this.#bytes[this.#at++] = 0;
    this.#lastId = this.#outerIds.pop() ?? 0;
    return this;
  }

  /** Closes the outermost struct. The bytes are a view of the writer's own buffer. */
  finish(): Buffer {
    this.end();
    return this.#bytes.subarray(0, this.#at);
  }
}
