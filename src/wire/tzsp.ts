// TZSP (TaZmen Sniffer Protocol), in which routers and wireless sensors send captured frames to a collector:
// https://web.archive.org/web/20050404125022/http://www.networkchemistry.com/support/appnotes/an001_tzsp.html

import type { Cursor } from './cursor.ts';
import { holdsEthernet } from './inner.ts';
import { Layer } from './layers.ts';

export const TZSP_PORT = 37008;

const TZSP_TYPE = 1;
const TZSP_PROTOCOL = 2;
const TZSP_HEADER = 4;
const VERSION = 1;
const TYPE_RECEIVED = 0;
const TYPE_TO_TRANSMIT = 1;
const PROTOCOL_ETHERNET = 0x01;
const PROTOCOL_802_11 = 0x12;
/** Tags of one byte; all others have a length behind them. */
const TAG_PADDING = 0;
const TAG_END = 1;

const TZSP = Layer.tzsp;
const ETH = Layer.eth;
const WLAN = Layer.wlan;

/** Length of header and tags when the UDP payload at `at` is TZSP with a frame of a kind that we read, else 0. */
export function tzspHeaderLength(c: Cursor): number {
  const { at, bytes, end, view } = c;
  if (end - at < TZSP_HEADER || bytes[at] !== VERSION) return 0;
  const type = bytes[at + TZSP_TYPE];
  const protocol = view.getUint16(at + TZSP_PROTOCOL);
  if (type !== TYPE_RECEIVED && type !== TYPE_TO_TRANSMIT) return 0;
  if (protocol !== PROTOCOL_ETHERNET && protocol !== PROTOCOL_802_11) return 0;
  let tag = at + TZSP_HEADER;
  while (tag < end && bytes[tag] !== TAG_END)
    tag += bytes[tag] === TAG_PADDING ? 1 : 2 + (tag + 1 < end ? bytes[tag + 1] : 0);
  return tag < end && holdsEthernet(c, tag + 1) ? tag + 1 - at : 0;
}

export function decodeTzsp(c: Cursor): number {
  const at = c.at;
  const length = tzspHeaderLength(c);
  const isEthernet = c.view.getUint16(at + TZSP_PROTOCOL) === PROTOCOL_ETHERNET;
  c.push(TZSP, at, length);
  c.at = at + length;
  return isEthernet ? ETH : WLAN;
}
