// CAPWAP data channel: RFC 5415, section 4.3; what it carries of 802.11: RFC 5416, section 2. Keep-alives, fragments and
// what is encrypted stay UDP payload.

import type { Cursor } from './cursor.ts';
import { holdsEthernet } from './inner.ts';
import { Layer } from './layers.ts';

export const CAPWAP_DATA_PORT = 5247;

/** Without the radio's MAC address and wireless information; its length in words is in the five bits behind the preamble. */
const CAPWAP_HEADER = 8;
const HLEN_SHIFT = 19;
const HLEN_MASK = 0x1f;
const WBID_SHIFT = 9;
const WBID_MASK = 0x1f;
const WBID_80211 = 1;
/** T: the frame is in the form of its wireless binding, else 802.3. F: a fragment. K: keep-alive. */
const FLAG_NATIVE = 0x100;
const FLAG_FRAGMENT = 0x080;
const FLAG_KEEP_ALIVE = 0x008;
/** Version and type (0: plain CAPWAP, 1: DTLS) of the preamble, and the reserved flags. */
const ZERO_MASK = 0xff000007;

/** Frame control and its flags, duration, the receiver's address. */
const WLAN_SHORTEST = 10;
const WLAN_VERSION_MASK = 0x03;

const CAPWAP = Layer['capwap.data'];
const ETH = Layer.eth;
const WLAN = Layer.wlan;

/** Length of the header at `at` when a whole frame is behind it in the clear, else 0. */
export function capwapHeaderLength(c: Cursor): number {
  const { at, bytes, end } = c;
  if (end - at < CAPWAP_HEADER) return 0;
  const word = c.view.getUint32(at);
  if ((word & (ZERO_MASK | FLAG_FRAGMENT | FLAG_KEEP_ALIVE)) !== 0) return 0;
  const length = ((word >>> HLEN_SHIFT) & HLEN_MASK) * 4;
  const inner = at + length;
  if (length < CAPWAP_HEADER) return 0;
  if ((word & FLAG_NATIVE) === 0) return holdsEthernet(c, inner) ? length : 0;
  if (((word >>> WBID_SHIFT) & WBID_MASK) !== WBID_80211 || end - inner < WLAN_SHORTEST) return 0;
  // Either byte may be the one with the version: some controllers swap frame control.
  return (bytes[inner] & WLAN_VERSION_MASK) === 0 || (bytes[inner + 1] & WLAN_VERSION_MASK) === 0 ? length : 0;
}

export function decodeCapwap(c: Cursor): number {
  const at = c.at;
  const length = capwapHeaderLength(c);
  c.push(CAPWAP, at, length);
  c.at = at + length;
  return (c.view.getUint32(at) & FLAG_NATIVE) === 0 ? ETH : WLAN;
}
