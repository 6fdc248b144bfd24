// What we do not decode: the packet is counted under an id and its bytes are left alone.
// Ids below 0x10000 are EtherTypes; the others are made of a number space and the number in it.

import type { Cursor } from './cursor.ts';
import { Layer } from './layers.ts';

const OTHER = Layer.other;

/** Number spaces of `Cursor.otherType`; the low 16 bits hold the number. */
export const OTHER_LLC = 0x1000000;
export const OTHER_PPP = 0x1010000;
export const OTHER_NLPID = 0x1020000;
/** 802.11 frame type and subtype, as in the first byte of frame control. */
export const OTHER_WLAN = 0x1030000;
export const OTHER_LINKTYPE = 0x1040000;
/** BSD address family of a loopback frame. */
export const OTHER_FAMILY = 0x1050000;
/** SNAP protocol id of an organisation other than 00-00-00. */
export const OTHER_SNAP = 0x1060000;
export const OTHER_ARCNET = 0x1070000;
/** Traffic type of an ATM packet. */
export const OTHER_ATM = 0x1080000;

/** Says that what follows is not ours to decode. */
export function other(c: Cursor, type: number): number {
  c.otherType = type;
  return OTHER;
}

export function decodeOther(c: Cursor): number {
  c.push(OTHER, c.at, 0);
  // Inside a tunnel the flow is the tunnel's, and so is the payload.
  if (c.ipVersion === 0) c.restIsPayload();
  return 0;
}
