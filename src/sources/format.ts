// Which format a capture is in: told by its first bytes, never by its name.

import { isPcap, PcapWalker } from './pcap.ts';
import { isPcapng, PcapngWalker } from './pcapng.ts';
import { isSnoop, SnoopWalker } from './snoop.ts';
import type { Findings, Walker } from './walker.ts';

/** The first bytes needed to know every format. */
export const MAGIC_BYTES = 4;

/** First bytes of the formats, for files that end inside of them. */
const MAGICS = ['a1b2c3d4', 'd4c3b2a1', 'a1b23c4d', '4d3cb2a1', 'a1b2cd34', '34cdb2a1', '0a0d0d0a', '736e6f6f'];

/** A walker for the file that begins with `bytes[0, length)`; undefined when that is no capture format we know. */
export function walkerFor(bytes: Uint8Array, length: number, file: string, findings: Findings): Walker | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  if (length < MAGIC_BYTES) {
    const hex = Array.from(bytes.subarray(0, length), (b) => b.toString(16).padStart(2, '0')).join('');
    return length > 0 && MAGICS.some((magic) => magic.startsWith(hex)) ? new PcapWalker(file, findings) : undefined;
  }
  if (isPcap(view, 0)) return new PcapWalker(file, findings);
  if (isPcapng(view, 0)) return new PcapngWalker(file, findings);
  if (isSnoop(view, 0)) return new SnoopWalker(file, findings);
  return undefined;
}
