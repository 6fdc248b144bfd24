// Is it DHCP? On its own ports the operation code is enough (BOOTP has nothing more to offer); anywhere else the magic cookie must
// be there, and options that can be walked to their end with a message type among them.

import { OPTION_MESSAGE_TYPE } from './codes.ts';
import { BOOTREPLY, BOOTREQUEST, LEAST, Message } from './message.ts';

const MAX_HLEN = 16;
const HLEN = 2;

const message = new Message();

export function probe(bytes: Uint8Array, from: number, to: number, hinted: boolean): 'yes' | 'no' {
  if (to - from < LEAST || bytes[from] < BOOTREQUEST || bytes[from] > BOOTREPLY) return 'no';
  if (hinted) return 'yes';
  if (bytes[from + HLEN] > MAX_HLEN || !message.parse(bytes, from, to, to - from)) return 'no';
  return message.hasCookie && message.faultAt < 0 && !message.isEndMissing && message.has(OPTION_MESSAGE_TYPE)
    ? 'yes'
    : 'no';
}
