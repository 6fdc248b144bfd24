// ATM AAL5 packets. LINKTYPE_SUNATM in tcpdump.org's registry: flags, VPI, VCI, then what the traffic type says; LLC of
// RFC 2684, section 5.1. Classical IP (LINKTYPE_ATM_CLIP): LLC with SNAP (RFC 2225, section 6) or IP alone.

import type { Cursor } from './cursor.ts';
import { Layer } from './layers.ts';
import { OTHER_ATM, other } from './other.ts';

const SUNATM_HEADER = 4;
/** The bit above the type says who sent. */
const TRAFFIC_TYPE_MASK = 0x0f;
const TRAFFIC_LANE = 1;
const TRAFFIC_LLC = 2;
/** LAN emulation: the id of the client that sent, or a marker of control frames; then Ethernet. */
const LANE_HEADER = 2;
const LANE_CONTROL = 0xff00;

/** DSAP and SSAP of LLC with SNAP; as an IP header it would be version 10. */
const SNAP_START = 0xaaaa;

const ATM = Layer.atm;
const CLIP = Layer.clip;
const ETH = Layer.eth;
const LLC = Layer.llc;
const IP = Layer.ip;

export function decodeSunAtm(c: Cursor): number {
  const at = c.at;
  if (c.end - at < SUNATM_HEADER) return c.short(ATM, SUNATM_HEADER);
  const type = c.bytes[at] & TRAFFIC_TYPE_MASK;
  let length = SUNATM_HEADER;
  let isControl = false;
  if (type === TRAFFIC_LANE) {
    length += LANE_HEADER;
    if (c.end - at < length) return c.short(ATM, length);
    isControl = c.view.getUint16(at + SUNATM_HEADER) === LANE_CONTROL;
  }
  c.push(ATM, at, length);
  c.at = at + length;
  if (type === TRAFFIC_LLC) return LLC;
  return type === TRAFFIC_LANE && !isControl ? ETH : other(c, OTHER_ATM + type);
}

export function decodeClip(c: Cursor): number {
  const at = c.at;
  if (c.end === at) return c.short(CLIP, 1);
  c.push(CLIP, at, 0);
  return c.end - at >= 2 && c.view.getUint16(at) === SNAP_START ? LLC : IP;
}
