// Whom a proxy asks for: the first entry of a list of addresses as proxies write it into header fields. X-Forwarded-For has no standard, and some
// give ports; Forwarded has one (RFC 7239 section 4).

import { isIP } from 'node:net';

const FOR = /(?:^|;)\s*for=([^;]*)/i;
/** An address with a port behind it, or in brackets. */
const WITH_PORT = /^(?:\[([^\]]+)\](?::\d+)?|([\d.]+):\d+)$/;

/** The address in the first entry; undefined when there is none (`unknown`, `_hidden`). */
export function firstAddress(list: string): string | undefined {
  const entry = list.split(',', 1)[0];
  const node = (FOR.exec(entry)?.[1] ?? entry).trim().replace(/^"(.*)"$/, '$1');
  const found = WITH_PORT.exec(node);
  const address = found?.[1] ?? found?.[2] ?? node;
  return isIP(address) !== 0 ? address : undefined;
}
