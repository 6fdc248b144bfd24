// The messages of SOCKS, as far as their lengths and outcomes matter: SOCKS 4 (Ying-Da Lee's memo), 4A (the domain name behind the
// user id), 5 (RFC 1928), its user name and password (RFC 1929). Each function answers with the message's length, MORE while its
// end has not come, and BAD when it is none.

export const MORE = 0;
export const BAD = -1;

export const VERSION_4 = 4;
export const VERSION_5 = 5;
export const METHOD_NONE = 0;
export const METHOD_PASSWORD = 2;
export const COMMAND_CONNECT = 1;
export const COMMAND_BIND = 2;
export const COMMAND_UDP = 3;
const LAST_ASSIGNED_METHOD = 9;
const FIRST_PRIVATE_METHOD = 0x80;
const NO_ACCEPTABLE_METHOD = 0xff;
const ADDRESS_V4 = 1;
const ADDRESS_DOMAIN = 3;
const ADDRESS_V6 = 4;
const LAST_REPLY_5 = 8;
const GRANTED_4 = 90;
const LAST_REPLY_4 = 93;
const REPLY_4_OCTETS = 8;
/** User ids and domain names of SOCKS 4 have no length of their own. */
const MAX_TEXT_OCTETS = 255;

/** VER, NMETHODS, METHODS: every method assigned or private, none twice. */
export function greeting5(bytes: Uint8Array, from: number, to: number): number {
  if (bytes[from] !== VERSION_5) return BAD;
  if (to - from < 2) return MORE;
  const methods = bytes[from + 1];
  if (methods === 0 || methods > 16) return BAD;
  const end = from + 2 + methods;
  for (let i = from + 2; i < end && i < to; i++) {
    const method = bytes[i];
    if ((method > LAST_ASSIGNED_METHOD && method < FIRST_PRIVATE_METHOD) || method === NO_ACCEPTABLE_METHOD) return BAD;
    for (let j = from + 2; j < i; j++) if (bytes[j] === method) return BAD;
  }
  return end > to ? MORE : 2 + methods;
}

/** VER, METHOD. */
export function choice5(bytes: Uint8Array, from: number, to: number): number {
  if (bytes[from] !== VERSION_5) return BAD;
  return to - from < 2 ? MORE : 2;
}

/** VER 1, ULEN, UNAME, PLEN, PASSWD. */
export function password(bytes: Uint8Array, from: number, to: number): number {
  if (bytes[from] !== 1) return BAD;
  if (to - from < 2) return MORE;
  const lengthAt = from + 2 + bytes[from + 1];
  if (lengthAt >= to) return MORE;
  const end = lengthAt + 1 + bytes[lengthAt];
  return end > to ? MORE : end - from;
}

/** VER 1, STATUS. Some servers answer with VER 5. */
export function passwordReply(bytes: Uint8Array, from: number, to: number): number {
  if (bytes[from] !== 1 && bytes[from] !== VERSION_5) return BAD;
  return to - from < 2 ? MORE : 2;
}

/** VER, CMD or REP, RSV, ATYP, address, port: requests and replies alike; `last` is the greatest CMD or REP. */
function addressed5(bytes: Uint8Array, from: number, to: number, last: number): number {
  if (bytes[from] !== VERSION_5) return BAD;
  if (to - from < 5) return MORE;
  if (bytes[from + 1] > last || bytes[from + 2] !== 0) return BAD;
  const type = bytes[from + 3];
  const address =
    type === ADDRESS_V4 ? 4 : type === ADDRESS_V6 ? 16 : type === ADDRESS_DOMAIN ? 1 + bytes[from + 4] : 0;
  if (address === 0) return BAD;
  const length = 4 + address + 2;
  return from + length > to ? MORE : length;
}

export function request5(bytes: Uint8Array, from: number, to: number): number {
  return addressed5(bytes, from, to, COMMAND_UDP);
}

export function reply5(bytes: Uint8Array, from: number, to: number): number {
  return addressed5(bytes, from, to, LAST_REPLY_5);
}

/** VN, CD, DSTPORT, DSTIP, USERID, NUL; with an address 0.0.0.x (x not 0) the domain name and another NUL. */
export function request4(bytes: Uint8Array, from: number, to: number): number {
  if (bytes[from] !== VERSION_4) return BAD;
  if (to - from < 9)
    return to - from >= 2 && bytes[from + 1] !== COMMAND_CONNECT && bytes[from + 1] !== COMMAND_BIND ? BAD : MORE;
  if (bytes[from + 1] !== COMMAND_CONNECT && bytes[from + 1] !== COMMAND_BIND) return BAD;
  const userEnd = endOfText(bytes, from + 8, to);
  if (userEnd <= 0) return userEnd;
  const isNamed = bytes[from + 4] === 0 && bytes[from + 5] === 0 && bytes[from + 6] === 0 && bytes[from + 7] !== 0;
  if (!isNamed) return userEnd - from;
  const nameEnd = endOfText(bytes, userEnd, to);
  return nameEnd <= 0 ? nameEnd : nameEnd - from;
}

/** VN 0, CD, DSTPORT, DSTIP. */
export function reply4(bytes: Uint8Array, from: number, to: number): number {
  if (bytes[from] !== 0) return BAD;
  if (to - from < 2) return MORE;
  if (bytes[from + 1] < GRANTED_4 || bytes[from + 1] > LAST_REPLY_4) return BAD;
  return to - from < REPLY_4_OCTETS ? MORE : REPLY_4_OCTETS;
}

export function isGranted4(bytes: Uint8Array, from: number): boolean {
  return bytes[from + 1] === GRANTED_4;
}

/** Where printable text that ends in NUL ends, behind the NUL. */
function endOfText(bytes: Uint8Array, from: number, to: number): number {
  for (let i = from; i < to; i++) {
    if (bytes[i] === 0) return i + 1;
    if (bytes[i] < 0x20 || i - from >= MAX_TEXT_OCTETS) return BAD;
  }
  return MORE;
}
