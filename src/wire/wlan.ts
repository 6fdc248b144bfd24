// IEEE 802.11 data frames: IEEE 802.11-2020, 9.2.4 and 9.3.2.1. Little-endian. Encrypted frames, aggregates, all but the
// first fragment and what is not data are counted and left alone.

import { type Cursor, Fault } from './cursor.ts';
import { Layer } from './layers.ts';
import { OTHER_WLAN, other } from './other.ts';
import { isHeaderPadded } from './radiotap.ts';

const WLAN_FLAGS = 1;
const WLAN_SEQUENCE_CONTROL = 22;
/** Frame control, duration, three addresses, sequence control. */
const WLAN_HEADER = 24;
const WLAN_SHORTEST = 10;
const ADDRESS_4 = 6;
const QOS_CONTROL = 2;
const HT_CONTROL = 4;

const TYPE_DATA = 2;
const SUBTYPE_NO_DATA = 4;
const SUBTYPE_QOS = 8;
/** To and from the distribution system: a bridge, with a fourth address. */
const FLAGS_TO_AND_FROM_DS = 0x03;
const FLAG_PROTECTED = 0x40;
const FLAG_ORDER = 0x80;
const FRAGMENT_NUMBER_MASK = 0x0f;
const QOS_AGGREGATE = 0x80;

const WLAN = Layer.wlan;
const RADIOTAP = Layer.radiotap;
const CAPWAP = Layer['capwap.data'];
const LLC = Layer.llc;

export function decodeWlan(c: Cursor): number {
  const { at, bytes } = c;
  if (c.end - at < WLAN_SHORTEST) return c.short(WLAN, WLAN_SHORTEST);
  let control = bytes[at];
  let flags = bytes[at + WLAN_FLAGS];
  const before = c.depth === 0 ? 0 : c.layers[c.depth - 1];
  // Cisco's controllers swap the bytes of frame control and sequence control. Flags of a frame to or from the distribution
  // system are no version 0.
  const isSwapped = before === CAPWAP && (control & 3) !== 0;
  if (isSwapped) {
    control = flags;
    flags = bytes[at];
  }
  if ((control & 3) !== 0) return c.fail(Fault.malformed, WLAN, at);
  const subtype = control >> 4;
  if (((control >> 2) & 3) !== TYPE_DATA || (subtype & SUBTYPE_NO_DATA) !== 0) {
    c.push(WLAN, at, WLAN_SHORTEST);
    return other(c, OTHER_WLAN + control);
  }
  let length = WLAN_HEADER;
  if ((flags & FLAGS_TO_AND_FROM_DS) === FLAGS_TO_AND_FROM_DS) length += ADDRESS_4;
  const qosAt = at + length;
  const isQos = (subtype & SUBTYPE_QOS) !== 0;
  if (isQos) length += QOS_CONTROL + ((flags & FLAG_ORDER) !== 0 ? HT_CONTROL : 0);
  if (before === RADIOTAP && isHeaderPadded(c, c.offsets[c.depth - 1], c.lengths[c.depth - 1])) {
    length = (length + 3) & ~3;
  }
  if (c.end - at < length) return c.short(WLAN, length);
  c.push(WLAN, at, length);
  c.at = at + length;
  const isAggregate = isQos && (bytes[qosAt] & QOS_AGGREGATE) !== 0;
  const isLaterFragment = (bytes[at + WLAN_SEQUENCE_CONTROL + (isSwapped ? 1 : 0)] & FRAGMENT_NUMBER_MASK) !== 0;
  if ((flags & FLAG_PROTECTED) !== 0 || isAggregate || isLaterFragment) return other(c, OTHER_WLAN + control);
  return LLC;
}
