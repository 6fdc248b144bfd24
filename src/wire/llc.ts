// Logical link control (IEEE 802.2) with SNAP (IEEE 802, clause 9), as in 802.3, 802.11 and cooked frames; RFC 1042 for IP.

import type { Cursor } from './cursor.ts';
import { enterEtherType } from './ether-types.ts';
import { Layer } from './layers.ts';
import { OTHER_LLC, OTHER_SNAP, other } from './other.ts';

const LLC_DSAP = 0;
const LLC_SSAP = 1;
const LLC_CONTROL = 2;
const LLC_HEADER = 3;
const SNAP_ORGANISATION = 3;
const SNAP_PROTOCOL = 6;
const SNAP_HEADER = 8;

const SAP_SNAP = 0xaa;
const SAP_IP = 0x06;
const CONTROL_UI = 0x03;

const OUI_ETHERNET = 0x000000;
/** IEEE 802.1 working group: bridged frames, as RFC 2684 5.2 and RFC 2427 4.2 carry them. */
const OUI_8021 = 0x0080c2;
const PID_8023_WITH_FCS = 1;
const PID_8023 = 7;
/** RFC 1042's bridge tunnel for what has no Ethernet II meaning (802.1H). */
const OUI_8021H = 0x0000f8;

const LLC = Layer.llc;
const ETH = Layer.eth;
const IP = Layer.ip;

export function decodeLlc(c: Cursor): number {
  const at = c.at;
  if (c.end - at < LLC_HEADER) return c.short(LLC, LLC_HEADER);
  const bytes = c.bytes;
  const dsap = bytes[at + LLC_DSAP];
  if (dsap === SAP_SNAP && bytes[at + LLC_SSAP] === SAP_SNAP && bytes[at + LLC_CONTROL] === CONTROL_UI) {
    if (c.end - at < SNAP_HEADER) return c.short(LLC, SNAP_HEADER);
    c.push(LLC, at, SNAP_HEADER);
    c.at = at + SNAP_HEADER;
    return enterSnap(c, at + SNAP_ORGANISATION);
  }
  c.push(LLC, at, LLC_HEADER);
  c.at = at + LLC_HEADER;
  if (dsap === SAP_IP && bytes[at + LLC_CONTROL] === CONTROL_UI) return IP;
  return other(c, OTHER_LLC + dsap);
}

/** The layer behind a SNAP header whose five bytes (organisation, protocol) at `snap` were checked; `at` is behind them. */
export function enterSnap(c: Cursor, snap: number): number {
  const organisation = c.view.getUint16(snap) * 256 + c.bytes[snap + 2];
  const protocol = c.view.getUint16(snap + SNAP_PROTOCOL - SNAP_ORGANISATION);
  if (organisation === OUI_ETHERNET || organisation === OUI_8021H) return enterEtherType(c, protocol);
  if (organisation === OUI_8021 && (protocol === PID_8023 || protocol === PID_8023_WITH_FCS)) return ETH;
  return other(c, OTHER_SNAP + protocol);
}
