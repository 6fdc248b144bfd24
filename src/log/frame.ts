// One frame of the log: a header of 32 bytes, the record type's name, the batch's id, the payload. Little-endian.
//
//   0  magic
//   4  CRC-32 of bytes 8 to 31
//   8  CRC-32 of what follows the header
//  12  sequence number, 64 bits
//  20  rows in the batch
//  24  length of the payload
//  28  length of the type's name, 16 bits
//  30  length of the id, 16 bits
//
// Both checksums begin with the segment's salt, a random number in the name of its file: bytes from the wire inside a payload
// can therefore not look like a frame when the log searches for the next one behind damage.

import { readSync } from 'node:fs';
import { crc32 } from 'node:zlib';

const MAGIC = 0x314c534e;
export const HEADER_BYTES = 32;
const WINDOW_BYTES = 64 * 1024;

export interface FrameHeader {
  /** Offset in the file. */
  readonly at: number;
  readonly sequence: number;
  readonly rows: number;
  readonly typeBytes: number;
  readonly idBytes: number;
  readonly payloadBytes: number;
  readonly bodyCrc: number;
  /** Offset of the next frame. */
  readonly end: number;
}

export interface Entry {
  readonly sequence: number;
  readonly type: string;
  /** The batch's id: the same batch has the same id when it is sent again. */
  readonly id: string;
  readonly rows: number;
  readonly payload: Buffer;
}

/** Header, type and id of a frame; the payload follows it in the file. */
export function frameHead(entry: Omit<Entry, 'payload'>, payload: Uint8Array, salt: number): Buffer {
  const type = Buffer.from(entry.type);
  const id = Buffer.from(entry.id);
  const head = Buffer.alloc(HEADER_BYTES + type.length + id.length);
  head.writeUInt32LE(MAGIC, 0);
  head.writeUInt32LE(entry.sequence % 0x1_0000_0000, 12);
  head.writeUInt32LE(Math.floor(entry.sequence / 0x1_0000_0000), 16);
  head.writeUInt32LE(entry.rows, 20);
  head.writeUInt32LE(payload.length, 24);
  head.writeUInt16LE(type.length, 28);
  head.writeUInt16LE(id.length, 30);
  type.copy(head, HEADER_BYTES);
  id.copy(head, HEADER_BYTES + type.length);
  head.writeUInt32LE(crc32(payload, crc32(head.subarray(HEADER_BYTES), salt)), 8);
  head.writeUInt32LE(crc32(head.subarray(8, HEADER_BYTES), salt), 4);
  return head;
}

/** Reads the frames of one segment file. `size` is the length of what is valid to read. */
export class FrameFile {
  readonly fd: number;
  readonly salt: number;
  readonly #header = Buffer.alloc(HEADER_BYTES);

  constructor(fd: number, salt: number) {
    this.fd = fd;
    this.salt = salt;
  }

  /** The header at `at`; undefined when there is no undamaged one that ends within `size`. */
  headerAt(at: number, size: number): FrameHeader | undefined {
    if (at + HEADER_BYTES > size || readSync(this.fd, this.#header, 0, HEADER_BYTES, at) < HEADER_BYTES)
      return undefined;
    return this.#parse(this.#header, 0, at, size);
  }

  #parse(bytes: Buffer, from: number, at: number, size: number): FrameHeader | undefined {
    if (bytes.readUInt32LE(from) !== MAGIC) return undefined;
    if (crc32(bytes.subarray(from + 8, from + HEADER_BYTES), this.salt) !== bytes.readUInt32LE(from + 4))
      return undefined;
    const payloadBytes = bytes.readUInt32LE(from + 24);
    const typeBytes = bytes.readUInt16LE(from + 28);
    const idBytes = bytes.readUInt16LE(from + 30);
    const end = at + HEADER_BYTES + typeBytes + idBytes + payloadBytes;
    if (end > size) return undefined;
    const sequence = bytes.readUInt32LE(from + 12) + bytes.readUInt32LE(from + 16) * 0x1_0000_0000;
    const bodyCrc = bytes.readUInt32LE(from + 8);
    return { at, sequence, rows: bytes.readUInt32LE(from + 20), typeBytes, idBytes, payloadBytes, bodyCrc, end };
  }

  /** The frame of a header; undefined when its body is damaged. */
  entry(header: FrameHeader): Entry | undefined {
    const length = header.end - header.at - HEADER_BYTES;
    const before = header.typeBytes + header.idBytes;
    // Such that the payload begins at a multiple of 8: it may hold words.
    const from = (8 - (before % 8)) % 8;
    const body = Buffer.allocUnsafeSlow(from + length).subarray(from);
    for (let at = 0; at < body.length; ) {
      const read = readSync(this.fd, body, at, body.length - at, header.at + HEADER_BYTES + at);
      if (read === 0) return undefined;
      at += read;
    }
    if (crc32(body, this.salt) !== header.bodyCrc) return undefined;
    const idFrom = header.typeBytes;
    const payloadFrom = idFrom + header.idBytes;
    return {
      sequence: header.sequence,
      type: body.toString('utf8', 0, idFrom),
      id: body.toString('utf8', idFrom, payloadFrom),
      rows: header.rows,
      payload: body.subarray(payloadFrom),
    };
  }

  /** The first undamaged header at `from` or behind it: how reading goes on behind damage. */
  findHeader(from: number, size: number): FrameHeader | undefined {
    const window = Buffer.allocUnsafe(WINDOW_BYTES);
    for (let start = from; start + HEADER_BYTES <= size; start += WINDOW_BYTES - HEADER_BYTES + 1) {
      const length = readSync(this.fd, window, 0, Math.min(WINDOW_BYTES, size - start), start);
      const bytes = window.subarray(0, length);
      for (let i = 0; i + HEADER_BYTES <= length; i++) {
        if (bytes[i] !== (MAGIC & 255)) continue;
        const header = this.#parse(bytes, i, start + i, size);
        if (header !== undefined) return header;
      }
    }
    return undefined;
  }
}
