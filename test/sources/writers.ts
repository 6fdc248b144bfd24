// Writers of small capture files for tests: every field can be set, wrong values included.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

export interface TestPacket {
  seconds: number;
  /** In the file's own resolution. */
  fraction: number;
  bytes: Uint8Array;
  wireLength?: number;
  /** Captured length as written, when it is to be wrong. */
  announced?: number;
}

export interface PcapOptions {
  little?: boolean;
  magic?: number;
  major?: number;
  minor?: number;
  snapLength?: number;
  linkType?: number;
  /** Middle 8 bytes of modified record headers: interface index, protocol, packet type. */
  modified?: readonly number[];
}

/** 32-bit words in one byte order, and single bytes. */
export class Bytes {
  readonly #parts: Buffer[] = [];
  readonly #little: boolean;

  constructor(little = true) {
    this.#little = little;
  }
  u16(...values: number[]): this {
    for (const value of values) {
      const part = Buffer.alloc(2);
      if (this.#little) part.writeUInt16LE(value);
      else part.writeUInt16BE(value);
      this.#parts.push(part);
    }
    return this;
  }
  u32(...values: number[]): this {
    for (const value of values) {
      const part = Buffer.alloc(4);
      if (this.#little) part.writeUInt32LE(value >>> 0);
      else part.writeUInt32BE(value >>> 0);
      this.#parts.push(part);
    }
    return this;
  }
  raw(bytes: Uint8Array | readonly number[]): this {
    this.#parts.push(Buffer.from(bytes));
    return this;
  }
  /** Zeros up to a whole word. */
  pad(): this {
    return this.raw(new Uint8Array((4 - (this.length % 4)) % 4));
  }
  get length(): number {
    return this.#parts.reduce((sum, part) => sum + part.length, 0);
  }
  done(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

export function pcapFile(packets: readonly TestPacket[], options: PcapOptions = {}): Buffer {
  const { little = true, magic = 0xa1b2c3d4, major = 2, minor = 4, snapLength = 65535, linkType = 1 } = options;
  const out = new Bytes(little).u32(magic).u16(major, minor).u32(0, 0, snapLength, linkType);
  for (const { seconds, fraction, bytes, wireLength = bytes.length, announced = bytes.length } of packets) {
    out.u32(seconds, fraction, announced, wireLength);
    if (options.modified !== undefined) out.raw(options.modified);
    out.raw(bytes);
  }
  return out.done();
}

/** A block with its body padded; `length` replaces both lengths. */
export function block(type: number, body: Uint8Array, little = true, length?: number): Buffer {
  const padded = new Bytes(little).raw(body).pad().done();
  const total = length ?? padded.length + 12;
  return new Bytes(little).u32(type, total).raw(padded).u32(total).done();
}

export function sectionHeader(little = true): Buffer {
  const body = new Bytes(little).u32(0x1a2b3c4d).u16(1, 0).u32(0xffffffff, 0xffffffff).done();
  return block(0x0a0d0d0a, body, little);
}

export type Option = readonly [code: number, value: Uint8Array | readonly number[]];

function writeOptions(out: Bytes, options: readonly Option[]): void {
  for (const [code, value] of options) out.u16(code, value.length).raw(value).pad();
  if (options.length > 0) out.u16(0, 0);
}

export function interfaceBlock(
  { linkType = 1, snapLength = 0, options = [] as readonly Option[] } = {},
  little = true,
): Buffer {
  const body = new Bytes(little).u16(linkType, 0).u32(snapLength);
  writeOptions(body, options);
  return block(1, body.done(), little);
}

export interface EnhancedPacket {
  interfaceId?: number;
  high?: number;
  low?: number;
  bytes: Uint8Array;
  captured?: number;
  wireLength?: number;
  options?: readonly Option[];
}

export function enhancedPacket(packet: EnhancedPacket, little = true): Buffer {
  const { interfaceId = 0, high = 0, low = 0, bytes, captured = bytes.length, options = [] } = packet;
  const body = new Bytes(little).u32(interfaceId, high, low, captured, packet.wireLength ?? bytes.length);
  body.raw(bytes).pad();
  writeOptions(body, options);
  return block(6, body.done(), little);
}

export function simplePacket(bytes: Uint8Array, wireLength = bytes.length, little = true): Buffer {
  return block(3, new Bytes(little).u32(wireLength).raw(bytes).done(), little);
}

/** `count` packets of growing length, a millisecond apart, whose bytes tell them apart. */
export function somePackets(count: number, seconds = 1_700_000_000): TestPacket[] {
  return Array.from({ length: count }, (_, i) => ({
    seconds,
    fraction: i * 1000,
    bytes: new Uint8Array(20 + i).fill(i),
  }));
}

/** The same packets as a pcapng file with microseconds. */
export function pcapngFile(packets: readonly TestPacket[], little = true): Buffer {
  const blocks = packets.map(({ seconds, fraction, bytes, wireLength }) => {
    const ticks = BigInt(seconds) * 1_000_000n + BigInt(fraction);
    return enhancedPacket({ high: Number(ticks >> 32n), low: Number(ticks & 0xffffffffn), bytes, wireLength }, little);
  });
  return Buffer.concat([sectionHeader(little), interfaceBlock({}, little), ...blocks]);
}

/** A folder for one test file, removed after it. `write` gives the path. */
export function temporaryFolder() {
  const path = mkdtempSync(join(tmpdir(), 'netscribe-sources-'));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  const write = (name: string, bytes: Uint8Array): string => {
    writeFileSync(join(path, name), bytes);
    return join(path, name);
  };
  return { path, write };
}
