// The options of pcapng blocks: a list of (code, length, value padded to 32 bits) that ends with code 0 or with the block.
// Truth: draft-ietf-opsawg-pcapng, sections 3.5, 4.2 and 4.3. A length that leaves the block ends the list: options are extras.

import { PACKET_CHECKSUM_PENDING, PACKET_DIRECTION_KNOWN, PACKET_OUTGOING } from './source.ts';
import { Timestamps } from './timestamps.ts';

const OPTION_HEADER = 4;
const OPT_ENDOFOPT = 0;
const IF_NAME = 2;
const IF_TSRESOL = 9;
const IF_TSOFFSET = 14;
/** epb_flags and, in the obsolete packet block, pack_flags. */
const PACKET_FLAGS = 2;

const DEFAULT_RESOLUTION = 6;

/** What an interface's options say. */
export interface InterfaceOptions {
  name: string;
  timestamps: Timestamps;
}

const text = new TextDecoder();

export function readInterfaceOptions(view: DataView, from: number, to: number, little: boolean): InterfaceOptions {
  let name = '';
  let resolution = DEFAULT_RESOLUTION;
  let offsetSeconds = 0;
  let at = from;
  while (to - at >= OPTION_HEADER) {
    const code = view.getUint16(at, little);
    const length = view.getUint16(at + 2, little);
    const value = at + OPTION_HEADER;
    if (code === OPT_ENDOFOPT || length > to - value) break;
    if (code === IF_NAME) {
      // A copy: the text decoder takes no shared memory.
      name = text.decode(new Uint8Array(view.buffer, view.byteOffset + value, length).slice()).replace(/\0.*$/s, '');
    } else if (code === IF_TSRESOL && length >= 1) resolution = view.getUint8(value);
    else if (code === IF_TSOFFSET && length >= 8) offsetSeconds = Number(view.getBigInt64(value, little));
    at = value + padded(length);
  }
  return { name, timestamps: new Timestamps(resolution, offsetSeconds) };
}

/** `PacketBatch.flags` from a packet block's options (section 4.3.1: direction in bits 0 and 1, checksum not ready in bit 9). */
export function readPacketFlags(view: DataView, from: number, to: number, little: boolean): number {
  let at = from;
  while (to - at >= OPTION_HEADER) {
    const code = view.getUint16(at, little);
    const length = view.getUint16(at + 2, little);
    const value = at + OPTION_HEADER;
    if (code === OPT_ENDOFOPT || length > to - value) break;
    if (code === PACKET_FLAGS && length === 4) {
      const word = view.getUint32(value, little);
      const direction = word & 3;
      let flags = (word & 0x200) !== 0 ? PACKET_CHECKSUM_PENDING : 0;
      if (direction === 1) flags |= PACKET_DIRECTION_KNOWN;
      if (direction === 2) flags |= PACKET_DIRECTION_KNOWN | PACKET_OUTGOING;
      return flags;
    }
    at = value + padded(length);
  }
  return 0;
}

/** `length` rounded up to whole 32-bit words. */
export function padded(length: number): number {
  return (length + 3) & ~3;
}
