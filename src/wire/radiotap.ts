// Radiotap: www.radiotap.org. A list of what the radio knew, little-endian, before an 802.11 frame. We read its length and
// whether the frame has a checksum behind it or padding inside.

import { type Cursor, Fault } from './cursor.ts';
import { Layer } from './layers.ts';

const RADIOTAP_LENGTH = 2;
const RADIOTAP_PRESENT = 4;
const RADIOTAP_HEADER = 8;
const PRESENT_TSFT = 1;
const PRESENT_FLAGS = 2;
const PRESENT_MORE = 0x80000000;
/** The first field, a time stamp, is 8 bytes long and aligned to 8 bytes from the start of the header. */
const TSFT = 8;

const FLAG_FCS = 0x10;
const FLAG_DATA_PAD = 0x20;
const FCS = 4;

const RADIOTAP = Layer.radiotap;
const WLAN = Layer.wlan;

export function decodeRadiotap(c: Cursor): number {
  const at = c.at;
  if (c.end - at < RADIOTAP_HEADER) return c.short(RADIOTAP, RADIOTAP_HEADER);
  const length = c.view.getUint16(at + RADIOTAP_LENGTH, true);
  if (c.bytes[at] !== 0 || length < RADIOTAP_HEADER) return c.fail(Fault.malformed, RADIOTAP, at);
  if (c.end - at < length) return c.short(RADIOTAP, length);
  c.push(RADIOTAP, at, length);
  c.at = at + length;
  if ((radiotapFlags(c, at, length) & FLAG_FCS) !== 0) dropFcs(c);
  return WLAN;
}

/** Takes the frame check sequence off the end. */
export function dropFcs(c: Cursor): void {
  if (c.wireEnd - c.at < FCS) return;
  c.wireEnd -= FCS;
  if (c.wireEnd < c.end) c.end = c.wireEnd;
}

/** Whether the 802.11 header behind the radiotap header of `length` bytes at `at` is padded to a multiple of 4 bytes. */
export function isHeaderPadded(c: Cursor, at: number, length: number): boolean {
  return (radiotapFlags(c, at, length) & FLAG_DATA_PAD) !== 0;
}

/** The flags field, 0 when it is not there. */
function radiotapFlags(c: Cursor, at: number, length: number): number {
  const present = c.view.getUint32(at + RADIOTAP_PRESENT, true);
  if ((present & PRESENT_FLAGS) === 0) return 0;
  const end = at + length;
  let field = at + RADIOTAP_HEADER;
  for (let word = present; (word & PRESENT_MORE) !== 0; field += 4) {
    if (end - field < 4) return 0;
    word = c.view.getUint32(field, true);
  }
  if ((present & PRESENT_TSFT) !== 0) field = at + ((field - at + 7) & ~7) + TSFT;
  return field < end ? c.bytes[field] : 0;
}
