// Per-packet information: the PPI header format of CACE Technologies, 1.0.7. Little-endian; the link type is in the header.

import { type Cursor, Fault } from './cursor.ts';
import { Layer } from './layers.ts';
import { firstLayer } from './link-types.ts';
import { OTHER_LINKTYPE, other } from './other.ts';
import { dropFcs } from './radiotap.ts';

const PPI_LENGTH = 2;
const PPI_LINKTYPE = 4;
const PPI_HEADER = 8;
/** Field: type, length, data. */
const FIELD_HEADER = 4;
const FIELD_80211_COMMON = 2;
/** Behind the time stamp in the 802.11 common field. */
const COMMON_FLAGS = FIELD_HEADER + 8;
const FLAG_FCS = 1;

const PPI = Layer.ppi;

export function decodePpi(c: Cursor): number {
  const { at, view } = c;
  if (c.end - at < PPI_HEADER) return c.short(PPI, PPI_HEADER);
  const length = view.getUint16(at + PPI_LENGTH, true);
  if (c.bytes[at] !== 0 || length < PPI_HEADER) return c.fail(Fault.malformed, PPI, at);
  if (c.end - at < length) return c.short(PPI, length);
  c.push(PPI, at, length);
  c.at = at + length;
  const field = at + PPI_HEADER;
  if (
    length >= PPI_HEADER + COMMON_FLAGS + 2 &&
    view.getUint16(field, true) === FIELD_80211_COMMON &&
    (view.getUint16(field + COMMON_FLAGS, true) & FLAG_FCS) !== 0
  ) {
    dropFcs(c);
  }
  const linkType = view.getUint32(at + PPI_LINKTYPE, true);
  return firstLayer(linkType) || other(c, OTHER_LINKTYPE + (linkType & 0xffff));
}
