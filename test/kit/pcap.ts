// Walks classic pcap files for tests: every byte order and resolution, plain or gzip, nothing repaired.

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

export interface PcapPacket {
  /** Counted from 1. */
  number: number;
  offset: number;
  capturedLength: number;
  wireLength: number;
  linkType: number;
  /** Unix time. */
  seconds: number;
  nanos: number;
}

export interface PcapFile {
  bytes: Uint8Array;
  view: DataView;
  packets: PcapPacket[];
}

const MAGIC_NANOS = 0xa1b23c4d;
const MAGICS = new Set([0xa1b2c3d4, MAGIC_NANOS]);
/** Kuznetzov's variant, with 8 more bytes per packet. */
const MAGIC_MODIFIED = 0xa1b2cd34;
const FILE_HEADER = 24;

/** The packets of a file, or null when it is no classic pcap. */
export function readPcap(path: string): PcapFile | null {
  let bytes: Uint8Array = readFileSync(path);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) bytes = gunzipSync(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < FILE_HEADER) return null;
  const known = (magic: number) => MAGICS.has(magic) || magic === MAGIC_MODIFIED;
  const little = known(view.getUint32(0, true));
  if (!little && !known(view.getUint32(0))) return null;
  const recordHeader = view.getUint32(0, little) === MAGIC_MODIFIED ? 24 : 16;
  const linkType = view.getUint32(20, little) & 0xffff;
  const nanosPerUnit = view.getUint32(0, little) === MAGIC_NANOS ? 1 : 1000;
  const packets: PcapPacket[] = [];
  for (let at = FILE_HEADER; at + recordHeader <= bytes.length; ) {
    const seconds = view.getUint32(at, little);
    const nanos = view.getUint32(at + 4, little) * nanosPerUnit;
    const capturedLength = view.getUint32(at + 8, little);
    const wireLength = view.getUint32(at + 12, little);
    const offset = at + recordHeader;
    if (offset + capturedLength > bytes.length) break;
    packets.push({ number: packets.length + 1, offset, capturedLength, wireLength, linkType, seconds, nanos });
    at = offset + capturedLength;
  }
  return { bytes, view, packets };
}
