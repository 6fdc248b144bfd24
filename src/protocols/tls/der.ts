// Reads DER (ITU-T X.690) where a certificate needs it: one element at a time, no recursion, so that nesting costs nothing.

export const TAG_BOOLEAN = 0x01;
export const TAG_INTEGER = 0x02;
export const TAG_BIT_STRING = 0x03;
export const TAG_OCTET_STRING = 0x04;
export const TAG_OID = 0x06;
export const TAG_ENUMERATED = 0x0a;
export const TAG_BMP_STRING = 0x1e;
export const TAG_UTC_TIME = 0x17;
export const TAG_GENERALIZED_TIME = 0x18;
export const TAG_SEQUENCE = 0x30;
export const TAG_SET = 0x31;
/** Context-specific and constructed, number 0. */
export const TAG_CONTEXT_0 = 0xa0;
export const TAG_CONTEXT_3 = 0xa3;

export interface Element {
  readonly tag: number;
  /** Where it begins. */
  readonly at: number;
  /** Where its contents stand. */
  readonly from: number;
  readonly to: number;
}

/** The element at `at`; undefined when there is none before `end`: cut, of indefinite length, or with a tag of several octets. */
export function elementAt(bytes: Uint8Array, at: number, end: number): Element | undefined {
  if (at + 2 > end) return undefined;
  const tag = bytes[at];
  if ((tag & 0x1f) === 0x1f) return undefined;
  let length = bytes[at + 1];
  let from = at + 2;
  if (length >= 0x80) {
    const octets = length & 0x7f;
    if (octets === 0 || octets > 3 || from + octets > end) return undefined;
    length = 0;
    for (let i = 0; i < octets; i++) length = length * 256 + bytes[from + i];
    from += octets;
  }
  return from + length > end ? undefined : { tag, at, from, to: from + length };
}

/** Elements that stand in `parent`, at most `limit`; fewer when one of them is broken. */
export function childrenOf(bytes: Uint8Array, parent: { from: number; to: number }, limit: number): Element[] {
  const children: Element[] = [];
  let at = parent.from;
  while (at < parent.to && children.length < limit) {
    const child = elementAt(bytes, at, parent.to);
    if (child === undefined) break;
    children.push(child);
    at = child.to;
  }
  return children;
}

/** An OBJECT IDENTIFIER as `1.2.840.113549`; '' when it is none. */
export function oidText(bytes: Uint8Array, element: Element | undefined): string {
  if (element === undefined || element.tag !== TAG_OID || element.to === element.from) return '';
  if (element.to - element.from > 64 || (bytes[element.to - 1] & 0x80) !== 0) return '';
  const arcs: number[] = [];
  let arc = 0;
  for (let at = element.from; at < element.to; at++) {
    arc = arc * 128 + (bytes[at] & 0x7f);
    if ((bytes[at] & 0x80) !== 0) continue;
    if (arcs.length === 0) {
      const first = Math.min(2, Math.floor(arc / 40));
      arcs.push(first, arc - first * 40);
    } else arcs.push(arc);
    arc = 0;
  }
  return arcs.join('.');
}

/** Bits of an unsigned INTEGER or of the octets [from, to): without leading zeros. */
export function bitLength(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && bytes[at] === 0) at++;
  return at === to ? 0 : (to - at - 1) * 8 + (32 - Math.clz32(bytes[at]));
}
