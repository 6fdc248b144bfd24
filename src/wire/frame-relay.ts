// Frame relay: address of ITU-T Q.922, 3.3; multiprotocol over it: RFC 2427, section 3. Cisco's own encapsulation, which
// puts an EtherType behind the address, is told from it by the control byte.

import { type Cursor, Fault } from './cursor.ts';
import { enterEtherType } from './ether-types.ts';
import { Layer } from './layers.ts';
import { enterSnap } from './llc.ts';
import { OTHER_NLPID, other } from './other.ts';

const ADDRESS_MAX = 4;
/** Last bit of the last address byte (EA). */
const ADDRESS_ENDS = 1;
const CONTROL_UI = 0x03;
const PADDING = 0x00;
const NLPID_SNAP = 0x80;
const NLPID_IPV6 = 0x8e;
const NLPID_IPV4 = 0xcc;
const SNAP = 5;

const FR = Layer.fr;
const IP = Layer.ip;
const IPV6 = Layer.ipv6;

export function decodeFrameRelay(c: Cursor): number {
  const { at, bytes, end } = c;
  let behind = at;
  do {
    if (behind - at === ADDRESS_MAX) return c.fail(Fault.malformed, FR, behind);
    if (end - behind < 3) return c.short(FR, behind - at + 3);
  } while ((bytes[behind++] & ADDRESS_ENDS) === 0);

  if (bytes[behind] !== CONTROL_UI) {
    c.push(FR, at, behind + 2 - at);
    c.at = behind + 2;
    return enterEtherType(c, c.view.getUint16(behind));
  }
  behind++;
  if (bytes[behind] === PADDING) {
    behind++;
    if (behind === end) return c.short(FR, behind + 1 - at);
  }
  const nlpid = bytes[behind++];
  if (nlpid === NLPID_SNAP) {
    if (end - behind < SNAP) return c.short(FR, behind + SNAP - at);
    c.push(FR, at, behind + SNAP - at);
    c.at = behind + SNAP;
    return enterSnap(c, behind);
  }
  c.push(FR, at, behind - at);
  c.at = behind;
  if (nlpid === NLPID_IPV4) return IP;
  if (nlpid === NLPID_IPV6) return IPV6;
  return other(c, OTHER_NLPID + nlpid);
}
