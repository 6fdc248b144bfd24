// Extensions behind the packet that an ICMP error quotes: RFC 4884 (structure), RFC 4950 (MPLS label stack).

import { V4_PARAMETER_PROBLEM, V4_TIME_EXCEEDED, V4_UNREACHABLE, V6_TIME_EXCEEDED, V6_UNREACHABLE } from './types.ts';

const HEADER_LENGTH = 8;
/** RFC 4884 section 4: a message that carries extensions quotes at least this much, padded with zeros. */
const MIN_QUOTE = 128;
const EXTENSION_HEADER_LENGTH = 4;
const OBJECT_HEADER_LENGTH = 4;
const EXTENSION_VERSION = 2;
const CLASS_MPLS = 1;
const TYPE_INCOMING_STACK = 1;
const LABEL_LENGTH = 4;

export interface MplsLabel {
  label: number;
  trafficClass: number;
  ttl: number;
}

/** RFC 1071 sum over an even or odd number of bytes is all ones: the checksum in them is right. */
function sumsUp(bytes: Uint8Array, from: number, to: number): boolean {
  let sum = 0;
  for (let at = from; at + 1 < to; at += 2) sum += (bytes[at] << 8) | bytes[at + 1];
  if ((to - from) % 2 === 1) sum += bytes[to - 1] << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return sum === 0xffff;
}

function mayBeExtended(version: 4 | 6, type: number): boolean {
  return version === 4
    ? type === V4_UNREACHABLE || type === V4_TIME_EXCEEDED || type === V4_PARAMETER_PROBLEM
    : type === V6_UNREACHABLE || type === V6_TIME_EXCEEDED;
}

/**
 * Offset of the extension structure of the ICMP error [from, to), -1 without one. Routers older than RFC 4884 leave the length
 * at zero and put the structure behind 128 bytes (section 5.5): it is believed when its version and checksum are right.
 */
export function extensionOffset(bytes: Uint8Array, from: number, to: number, version: 4 | 6): number {
  if (to - from < HEADER_LENGTH + MIN_QUOTE + EXTENSION_HEADER_LENGTH) return -1;
  if (!mayBeExtended(version, bytes[from])) return -1;
  const quoteLength = version === 4 ? bytes[from + 5] * 4 : bytes[from + 4] * 8;
  const at = from + HEADER_LENGTH + (quoteLength === 0 ? MIN_QUOTE : quoteLength);
  if (at + EXTENSION_HEADER_LENGTH > to || bytes[at] >> 4 !== EXTENSION_VERSION) return -1;
  const isUnchecked = bytes[at + 2] === 0 && bytes[at + 3] === 0;
  if (isUnchecked ? quoteLength === 0 : !sumsUp(bytes, at, to)) return -1;
  return at;
}

/** The MPLS labels of the extension structure [from, to), undefined when there are none. */
export function mplsLabels(bytes: Uint8Array, from: number, to: number): MplsLabel[] | undefined {
  let at = from + EXTENSION_HEADER_LENGTH;
  while (at + OBJECT_HEADER_LENGTH <= to) {
    const length = (bytes[at] << 8) | bytes[at + 1];
    if (length < OBJECT_HEADER_LENGTH || at + length > to) return undefined;
    if (bytes[at + 2] === CLASS_MPLS && bytes[at + 3] === TYPE_INCOMING_STACK) {
      const labels: MplsLabel[] = [];
      for (let entry = at + OBJECT_HEADER_LENGTH; entry + LABEL_LENGTH <= at + length; entry += LABEL_LENGTH) {
        labels.push({
          label: (bytes[entry] << 12) | (bytes[entry + 1] << 4) | (bytes[entry + 2] >> 4),
          trafficClass: (bytes[entry + 2] >> 1) & 7,
          ttl: bytes[entry + 3],
        });
      }
      return labels.length === 0 ? undefined : labels;
    }
    at += length;
  }
  return undefined;
}
