// MACsec: IEEE 802.1AE, clause 9. Frames whose contents are protected against change only are in clear; others end here.

import { type Cursor, Fault } from './cursor.ts';
import { ETHERTYPE_MACSEC, enterEtherType } from './ether-types.ts';
import { Layer } from './layers.ts';
import { other } from './other.ts';

/** Version in the highest bit; SC: an identifier of eight bytes follows; E and C: encrypted, changed. */
const TCI_VERSION = 0x80;
const TCI_SC = 0x20;
const TCI_ENCRYPTED = 0x0c;
/** TCI and association number, short length, packet number. */
const MACSEC_FIXED = 6;
const MACSEC_IDENTIFIER = 8;
const ETHERTYPE = 2;
/** Integrity check value of the cipher suites that there are, behind the contents. */
const ICV = 16;

const MACSEC = Layer.macsec;

export function decodeMacsec(c: Cursor): number {
  const { at, bytes } = c;
  if (c.end - at < MACSEC_FIXED) return c.short(MACSEC, MACSEC_FIXED);
  const tci = bytes[at];
  if ((tci & TCI_VERSION) !== 0) return c.fail(Fault.malformed, MACSEC, at);
  const length = MACSEC_FIXED + ((tci & TCI_SC) !== 0 ? MACSEC_IDENTIFIER : 0);
  if ((tci & TCI_ENCRYPTED) !== 0) {
    c.push(MACSEC, at, Math.min(length, c.end - at));
    return other(c, ETHERTYPE_MACSEC);
  }
  if (c.end - at < length + ETHERTYPE) return c.short(MACSEC, length + ETHERTYPE);
  c.push(MACSEC, at, length + ETHERTYPE);
  c.at = at + length + ETHERTYPE;
  if (c.wireEnd - c.at >= ICV) c.wireEnd -= ICV;
  if (c.wireEnd < c.end) c.end = c.wireEnd;
  return enterEtherType(c, c.view.getUint16(at + length));
}
