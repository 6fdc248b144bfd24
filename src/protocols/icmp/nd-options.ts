// Options of neighbour discovery messages: RFC 4861 section 4.6. Each is type, length in units of 8 bytes, and data.

export const OPTION_SOURCE_LINK_LAYER = 1;
export const OPTION_TARGET_LINK_LAYER = 2;
export const OPTION_REDIRECTED_HEADER = 4;
const OPTION_HEADER_LENGTH = 2;

/** Length of the option at `at` in bytes; 0 when it is none: cut, longer than what is left, or of length 0, which would never end. */
function optionLength(bytes: Uint8Array, at: number, to: number): number {
  if (at + OPTION_HEADER_LENGTH > to) return 0;
  const length = bytes[at + 1] * 8;
  return at + length > to ? 0 : length;
}

/** Offset of the first option of this type in [from, to), -1 without one. The whole option lies within [from, to). */
export function findOption(bytes: Uint8Array, from: number, to: number, type: number): number {
  let at = from;
  while (at < to) {
    const length = optionLength(bytes, at, to);
    if (length === 0) return -1;
    if (bytes[at] === type) return at;
    at += length;
  }
  return -1;
}

/** Do the options fill [from, to) without a rest? */
export function areOptionsWhole(bytes: Uint8Array, from: number, to: number): boolean {
  let at = from;
  while (at < to) {
    const length = optionLength(bytes, at, to);
    if (length === 0) return false;
    at += length;
  }
  return true;
}

/** Calls back for each option in [from, to) that is whole: its type, where it begins, where it ends. */
export function eachOption(
  bytes: Uint8Array,
  from: number,
  to: number,
  found: (type: number, at: number, end: number) => void,
): void {
  let at = from;
  for (let length = optionLength(bytes, at, to); length > 0; length = optionLength(bytes, at, to)) {
    found(bytes[at], at, at + length);
    at += length;
  }
}
