// ClientHello and ServerHello (RFC 8446 section 4.1, RFC 5246 section 7.4.1) and SSL 2.0's ClientHello (RFC 5246 appendix E.2): where
// their parts stand. The body is copied once; what the parts mean is worked out when a record is made. A body that ends too early
// gives what there is of it.

const RANDOM_OCTETS = 32;
/** Type and length. */
const EXTENSION_HEADER_OCTETS = 4;
/** Drafts of TLS 1.3 before 22: version, random, cipher suite, extensions. */
const FIRST_SHORT_DRAFT = 0x7f00;
const LAST_SHORT_DRAFT = 0x7f15;

/** Where the data of an extension stand in the hello. */
export interface Extension {
  readonly from: number;
  readonly to: number;
}

export interface Hello {
  /** The body, without the handshake header. */
  readonly bytes: Uint8Array;
  readonly isClient: boolean;
  /** In SSL 2.0's form, whatever version it offers. */
  readonly isSsl2: boolean;
  /** `legacy_version`: what is really spoken stands in an extension. */
  version: number;
  randomFrom: number;
  randomTo: number;
  sessionFrom: number;
  sessionTo: number;
  /** All that the client offers; the one that the server chose. */
  ciphers: number[];
  compressions: number[];
  /** Types of the extensions, in their order; where they begin, and where each one's data end. Thousands of hellos wait for their answers. */
  extensionTypes: number[];
  extensionsFrom: number;
  extensionEnds: number[];
  /** Its end was not captured. */
  isCut: boolean;
  /** Nothing is missing, every length fits. */
  isComplete: boolean;
}

function blank(bytes: Uint8Array, isClient: boolean, isSsl2 = false): Hello {
  return {
    bytes,
    isClient,
    isSsl2,
    version: 0,
    randomFrom: 0,
    randomTo: 0,
    sessionFrom: 0,
    sessionTo: 0,
    ciphers: [],
    compressions: [],
    extensionTypes: [],
    extensionsFrom: 0,
    extensionEnds: [],
    isCut: false,
    isComplete: false,
  };
}

/** The message body bytes[from, to); `isWhole`: none of it is missing. */
export function parseHello(
  bytes: Uint8Array,
  from: number,
  to: number,
  isClient: boolean,
  isWhole: boolean,
  isDtls = false,
): Hello {
  const hello = blank(bytes.slice(from, to), isClient);
  hello.isCut = !isWhole;
  hello.isComplete = read(hello, isDtls) && isWhole;
  return hello;
}

/** Fills `hello`; false when it ends before its time. */
function read(hello: Hello, isDtls: boolean): boolean {
  const { bytes } = hello;
  const end = bytes.length;
  if (end < 2) return false;
  hello.version = (bytes[0] << 8) | bytes[1];
  if (end < 2 + RANDOM_OCTETS) return false;
  hello.randomFrom = 2;
  hello.randomTo = 2 + RANDOM_OCTETS;
  let at = hello.randomTo;
  const isShort = !hello.isClient && hello.version >= FIRST_SHORT_DRAFT && hello.version <= LAST_SHORT_DRAFT;
  if (!isShort) {
    if (at >= end || at + 1 + bytes[at] > end) return false;
    hello.sessionFrom = at + 1;
    hello.sessionTo = hello.sessionFrom + bytes[at];
    at = hello.sessionTo;
  }
  // DTLS: the cookie that the server gave (RFC 6347 section 4.2.1).
  if (isDtls && hello.isClient) {
    if (at >= end || at + 1 + bytes[at] > end) return false;
    at += 1 + bytes[at];
  }
  let ciphersEnd = at + 2;
  if (hello.isClient) {
    if (at + 2 > end) return false;
    ciphersEnd = at + 2 + ((bytes[at] << 8) | bytes[at + 1]);
    at += 2;
  }
  for (; at + 2 <= ciphersEnd && at + 2 <= end; at += 2) hello.ciphers.push((bytes[at] << 8) | bytes[at + 1]);
  if (ciphersEnd > end) return false;
  at = ciphersEnd;
  if (!isShort) {
    let compressionsEnd = at + 1;
    if (hello.isClient) {
      if (at >= end) return false;
      compressionsEnd = at + 1 + bytes[at];
      at++;
    }
    for (; at < compressionsEnd && at < end; at++) hello.compressions.push(bytes[at]);
    if (compressionsEnd > end) return false;
  }
  // SSL 3.0 and old TLS end here.
  return at === end || readExtensions(hello, at, end);
}

function readExtensions(hello: Hello, from: number, end: number): boolean {
  const { bytes } = hello;
  if (from + 2 > end) return false;
  const stop = from + 2 + ((bytes[from] << 8) | bytes[from + 1]);
  let at = from + 2;
  hello.extensionsFrom = at;
  while (at < stop) {
    if (at + EXTENSION_HEADER_OCTETS > end) return false;
    const type = (bytes[at] << 8) | bytes[at + 1];
    const to = at + EXTENSION_HEADER_OCTETS + ((bytes[at + 2] << 8) | bytes[at + 3]);
    if (to > end || to > stop) return false;
    hello.extensionTypes.push(type);
    hello.extensionEnds.push(to);
    at = to;
  }
  return true;
}

/** SSL 2.0: version, three lengths, cipher specs of three octets each, session id, challenge. `from` is behind the message type. */
export function parseSsl2Hello(bytes: Uint8Array, from: number, to: number, isWhole: boolean): Hello {
  const hello = blank(bytes.slice(from, to), true, true);
  const body = hello.bytes;
  const end = body.length;
  if (end < 8) return hello;
  hello.version = (body[0] << 8) | body[1];
  const ciphersEnd = 8 + ((body[2] << 8) | body[3]);
  for (let at = 8; at + 3 <= ciphersEnd && at + 3 <= end; at += 3) {
    hello.ciphers.push((body[at] << 16) | (body[at + 1] << 8) | body[at + 2]);
  }
  const sessionEnd = ciphersEnd + ((body[4] << 8) | body[5]);
  const challengeEnd = sessionEnd + ((body[6] << 8) | body[7]);
  if (challengeEnd > end) return hello;
  hello.sessionFrom = ciphersEnd;
  hello.sessionTo = sessionEnd;
  hello.randomFrom = sessionEnd;
  hello.randomTo = challengeEnd;
  hello.isComplete = isWhole;
  return hello;
}

/** The first extension of this type. */
export function extensionOf(hello: Hello, type: number): Extension | undefined {
  const { extensionTypes, extensionsFrom, extensionEnds } = hello;
  const index = extensionTypes.indexOf(type);
  if (index < 0) return undefined;
  const begin = index === 0 ? extensionsFrom : extensionEnds[index - 1];
  return { from: begin + EXTENSION_HEADER_OCTETS, to: extensionEnds[index] };
}
