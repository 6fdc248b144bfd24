// Lists of domain names in options: DHCPv4's search list may compress (RFC 3397 section 2: pointers count from the beginning of the
// option's value), DHCPv6's may not (RFC 8415 section 10).

import { wireText } from '../../records/text.ts';

const MAX_NAMES = 64;
const MAX_NAME_OCTETS = 255;
/** No sane writer chains more. */
const MAX_POINTERS = 20;
const POINTER = 0xc0;

/** Name that was read last: where it ends in place; -1 when it is wrong. */
let nameEnd = -1;

/**
 * The name at `at` without the final dot; '' for the root. `nameEnd` is set. A name without its final zero byte at `to` is taken as
 * it is when `mayBeOpen` (a partial name, RFC 4704 section 4.2).
 */
function readName(
  bytes: Uint8Array,
  start: number,
  at: number,
  to: number,
  mayCompress: boolean,
  mayBeOpen: boolean,
): string {
  let text = '';
  let position = at;
  let before = at;
  let octets = 1;
  let pointers = 0;
  nameEnd = -1;
  let end = -1;
  for (;;) {
    if (position >= to) {
      if (mayBeOpen && position === to) nameEnd = to;
      return text;
    }
    const length = bytes[position];
    if (length === 0) {
      nameEnd = end < 0 ? position + 1 : end;
      return text;
    }
    if (length < 64) {
      octets += length + 1;
      if (octets > MAX_NAME_OCTETS || position + 1 + length > to) return text;
      text += `${text === '' ? '' : '.'}${wireText(bytes, position + 1, position + 1 + length)}`;
      position += length + 1;
    } else {
      // Only backwards, so that no name can loop.
      if (!mayCompress || length < POINTER || position + 1 >= to) return text;
      const target = start + (((length & 0x3f) << 8) | bytes[position + 1]);
      if (target >= before || ++pointers > MAX_POINTERS) return text;
      if (end < 0) end = position + 2;
      before = target;
      position = target;
    }
  }
}

/** The names in [from, to); undefined when one is wrong. */
export function domainNames(bytes: Uint8Array, from: number, to: number, mayCompress: boolean): string[] | undefined {
  const names: string[] = [];
  for (let at = from; at < to && names.length < MAX_NAMES; ) {
    const name = readName(bytes, from, at, to, mayCompress, false);
    if (nameEnd < 0) return undefined;
    at = nameEnd;
    if (name !== '') names.push(name);
  }
  return names;
}

/** One name that may be partial; undefined when it is wrong. */
export function domainName(bytes: Uint8Array, from: number, to: number): string | undefined {
  const name = readName(bytes, from, from, to, false, true);
  return nameEnd < 0 ? undefined : name;
}
