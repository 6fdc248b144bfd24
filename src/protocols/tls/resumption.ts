// How a session goes on from an earlier one: RFC 8446 section 2.2, RFC 5246 section 7.3, RFC 5077 section 3.4.

import { u16, u32 } from '../octets.ts';
import { EXTENSION_PRE_SHARED_KEY, EXTENSION_SESSION_TICKET, isTls13 } from './codes.ts';
import { extensionOf, type Hello } from './hello.ts';
import type { Session } from './session.ts';

/**
 * TLS 1.3: the server chose a key that it gave the client before. Before: the server echoes the session id, which the client also sends along
 * with a ticket to see whether it was taken. `version`: what is spoken.
 */
export function resumptionOf(
  { clientHello, serverHello, hasServerHelloDone }: Session,
  version: number | undefined,
): 'id' | 'ticket' | 'unknown' | undefined {
  if (clientHello === undefined || serverHello === undefined || version === undefined) return undefined;
  if (isTls13(version)) {
    const chosen = extensionOf(serverHello, EXTENSION_PRE_SHARED_KEY);
    if (chosen === undefined) return undefined;
    const index = chosen.to - chosen.from >= 2 ? u16(serverHello.bytes, chosen.from) : 0;
    return isExternalKey(clientHello, index) ? undefined : 'ticket';
  }
  const offered = clientHello.bytes.subarray(clientHello.sessionFrom, clientHello.sessionTo);
  const taken = serverHello.bytes.subarray(serverHello.sessionFrom, serverHello.sessionTo);
  if (offered.length === 0 || hasServerHelloDone || Buffer.compare(offered, taken) !== 0) return undefined;
  const ticket = extensionOf(clientHello, EXTENSION_SESSION_TICKET);
  if (ticket === undefined && clientHello.isCut) return 'unknown';
  return ticket !== undefined && ticket.to > ticket.from ? 'ticket' : 'id';
}

/**
 * Is the key that the client offered in this place one that both sides were given beforehand? Its age is 0; that of a ticket has a random
 * number added to it (RFC 8446 section 4.2.11).
 */
function isExternalKey(hello: Hello, index: number): boolean {
  const { bytes } = hello;
  const offered = extensionOf(hello, EXTENSION_PRE_SHARED_KEY);
  if (offered === undefined || offered.to - offered.from < 2) return false;
  const end = Math.min(offered.to, offered.from + 2 + u16(bytes, offered.from));
  for (let at = offered.from + 2, i = 0; at + 2 <= end; i++) {
    const age = at + 2 + u16(bytes, at);
    if (age + 4 > end) return false;
    if (i === index) return u32(bytes, age) === 0;
    at = age + 4;
  }
  return false;
}
