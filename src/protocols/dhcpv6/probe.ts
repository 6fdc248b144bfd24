// Is it DHCPv6? On its own ports a message type is enough; anywhere else the options must fill the message exactly, down to the innermost
// one, and a DUID of a known type must be among them.

import { u16 } from '../octets.ts';
import { HIGHEST_MESSAGE_TYPE, OPTION_CLIENT_ID, OPTION_SERVER_ID } from './codes.ts';
import { Message } from './message.ts';

const HEADER_OCTETS = 4;
const HIGHEST_DUID_TYPE = 4;

const message = new Message();

export function probe(bytes: Uint8Array, from: number, to: number, hinted: boolean): 'yes' | 'no' {
  if (to - from < HEADER_OCTETS || bytes[from] === 0 || bytes[from] > HIGHEST_MESSAGE_TYPE) return 'no';
  if (hinted) return 'yes';
  if (!message.parse(bytes, from, to, to - from) || message.faultAt >= 0 || !message.hasInner) return 'no';
  return hasDuid(OPTION_CLIENT_ID) || hasDuid(OPTION_SERVER_ID) ? 'yes' : 'no';
}

function hasDuid(code: number): boolean {
  const { options, bytes } = message;
  const i = options.find(code);
  if (i < 0 || options.to[i] - options.from[i] < 4) return false;
  const type = u16(bytes, options.from[i]);
  return type > 0 && type <= HIGHEST_DUID_TYPE;
}
