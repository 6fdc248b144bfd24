// Is this the first line of an HTTP/1.x message? RFC 9112 sections 3 (request line) and 4 (status line). Detection, the parser
// and its resynchronisation all ask here, so that they agree. Radio servers (SHOUTcast) answer HTTP with `ICY 200 OK` in place of a version.

/** Answers of `classifyStart`. */
export const NOT_HTTP = 0;
/** Plausible so far; more bytes will tell. */
export const UNDECIDED = 1;
export const REQUEST = 2;
export const RESPONSE = 3;
export type Start = typeof NOT_HTTP | typeof UNDECIDED | typeof REQUEST | typeof RESPONSE;

/** Longest method that is taken for one. */
const MAX_METHOD_BYTES = 32;
/** Longest start line that is waited for. Servers that take more than 8 KiB are few, but Go's take a MiB. */
const MAX_START_LINE_BYTES = 128 * 1024;

const LF = 10;
const CR = 13;
const SP = 32;
/** Start lines are seldom longer. */
const NEAR_BYTES = 512;

/** Methods that are taken for HTTP on any port: RFC 9110, WebDAV (RFC 4918, 3253, 3648, 3744, 5323), PATCH, and what servers invented. */
const METHODS: ReadonlySet<string> = new Set(
  (
    'GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH QUERY PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK VERSION-CONTROL ' +
    'REPORT CHECKOUT CHECKIN UNCHECKOUT MKWORKSPACE UPDATE LABEL MERGE BASELINE-CONTROL MKACTIVITY ORDERPATCH ACL SEARCH BIND ' +
    'REBIND UNBIND LINK UNLINK MKREDIRECTREF UPDATEREDIRECTREF MKCALENDAR PURGE BAN SUBSCRIBE UNSUBSCRIBE NOTIFY POLL BCOPY ' +
    'BDELETE BMOVE BPROPFIND BPROPPATCH X-MS-ENUMATTS RPC_IN_DATA RPC_OUT_DATA RPC_CONNECT CCM_POST SOURCE TRACK DEBUG PRI'
  ).split(' '),
);
const LONGEST_METHOD = 17;

/** RFC 9110 section 5.6.2: the bytes of a token. */
export const IS_TOKEN = new Uint8Array(256);
for (const c of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
  IS_TOKEN[c.charCodeAt(0)] = 1;
}

const VERSION_PREFIX = [0x48, 0x54, 0x54, 0x50, 0x2f]; // HTTP/

const ICY_PREFIX = [0x49, 0x43, 0x59, SP]; // ICY and a blank
const ICY_STATUS_OCTETS = ICY_PREFIX.length + 3;
const HTTP_CODE_AT = 9;

const isDigit = (b: number) => b >= 0x30 && b <= 0x39;

/** Offset of the code in the status line at `from`. */
export function statusCodeAt(bytes: Uint8Array, from: number): number {
  return from + (isIcy(bytes, from) ? ICY_PREFIX.length : HTTP_CODE_AT);
}

/** Is the status line at `from` one of a radio server? */
export function isIcy(bytes: Uint8Array, from: number): boolean {
  return bytes[from] === ICY_PREFIX[0];
}

function classifyIcy(bytes: Uint8Array, from: number, to: number): Start {
  const length = Math.min(to - from, ICY_STATUS_OCTETS);
  for (let i = 0; i < length; i++) {
    if (i < ICY_PREFIX.length ? bytes[from + i] !== ICY_PREFIX[i] : !isDigit(bytes[from + i])) return NOT_HTTP;
  }
  return length === ICY_STATUS_OCTETS ? RESPONSE : UNDECIDED;
}

/** `HTTP/d.d 200`: the status line up to its code, whatever version it claims. A prefix of it is undecided. */
export function classifyStatusLine(bytes: Uint8Array, from: number, to: number): Start {
  if (from < to && isIcy(bytes, from)) return classifyIcy(bytes, from, to);
  const length = Math.min(to - from, 12);
  for (let i = 0; i < length; i++) {
    const b = bytes[from + i];
    const fits = i < 5 ? b === VERSION_PREFIX[i] : i === 6 ? b === 0x2e : i === 8 ? b === SP : isDigit(b);
    if (!fits) return NOT_HTTP;
  }
  return length === 12 ? RESPONSE : UNDECIDED;
}

/**
 * Offset of `HTTP/d.d` at the end of a request line, or -1. [from, end) is the line from the blank behind its method on, without its
 * line ending; blanks before that are ignored.
 */
export function versionAt(bytes: Uint8Array, from: number, end: number): number {
  while (end > from && (bytes[end - 1] === SP || bytes[end - 1] === 9 || bytes[end - 1] === CR)) end--;
  const at = end - 8;
  // Not the blank behind the method: between the two stands a target, if only an empty one.
  if (at - 1 <= from || bytes[at - 1] !== SP) return -1;
  for (let i = 0; i < 5; i++) if (bytes[at + i] !== VERSION_PREFIX[i]) return -1;
  // A version that is none is for the server to refuse (505); the line is a request line all the same.
  return isDigit(bytes[at + 5]) && bytes[at + 6] === 0x2e && isDigit(bytes[at + 7]) ? at : -1;
}

/**
 * What do the bytes [from, to) begin with? `anyMethod`: every token will do for a method (the port speaks for HTTP). The answer
 * REQUEST needs the whole line.
 */
export function classifyStart(bytes: Uint8Array, from: number, to: number, anyMethod: boolean): Start {
  if (to - from === 0) return UNDECIDED;
  if (bytes[from] === 0x48 || isIcy(bytes, from)) {
    const start = classifyStatusLine(bytes, from, to);
    if (start !== NOT_HTTP) return start;
  }
  const prefix = methodEnd(bytes, from, to, anyMethod);
  if (prefix === -1) return NOT_HTTP;
  if (prefix === to) return UNDECIDED;
  const end = lineFeed(bytes, prefix, to);
  if (end === to) return to - from > MAX_START_LINE_BYTES ? NOT_HTTP : UNDECIDED;
  return versionAt(bytes, prefix, end) === -1 ? NOT_HTTP : REQUEST;
}

/**
 * Offset of the first LF in [from, to), or `to`. In few bytes a loop is faster than asking the engine, which may be asked again and again with
 * one byte more. Not indexOf without an end: it would go on through whatever the buffer has behind this segment.
 */
export function lineFeed(bytes: Uint8Array, from: number, to: number): number {
  const near = Math.min(to, from + NEAR_BYTES);
  for (let at = from; at < near; at++) if (bytes[at] === LF) return at;
  if (near === to) return to;
  const found = bytes.subarray(near, to).indexOf(LF);
  return found === -1 ? to : near + found;
}

/** The same for a first line that is complete: [from, end) without its line ending. */
export function classifyLine(bytes: Uint8Array, from: number, end: number, anyMethod: boolean): Start {
  const mayAnswer = bytes[from] === 0x48 || isIcy(bytes, from);
  if (mayAnswer && classifyStatusLine(bytes, from, end) === RESPONSE) return RESPONSE;
  const prefix = methodEnd(bytes, from, end, anyMethod);
  return prefix === -1 || prefix === end || versionAt(bytes, prefix, end) === -1 ? NOT_HTTP : REQUEST;
}

/** Offset of the blank behind the method; `to` when more bytes must tell; -1 when there is no method. */
export function methodEnd(bytes: Uint8Array, from: number, to: number, anyMethod: boolean): number {
  const limit = Math.min(to, from + MAX_METHOD_BYTES + 1);
  let at = from;
  while (at < limit && IS_TOKEN[bytes[at]] === 1) at++;
  if (at === limit) return at === to && at - from <= MAX_METHOD_BYTES ? to : -1;
  if (bytes[at] !== SP || at === from) return -1;
  if (anyMethod) return at;
  if (at - from > LONGEST_METHOD) return -1;
  return METHODS.has(methodText(bytes, from, at)) ? at : -1;
}

const COMMON = ['GET', 'POST', 'HEAD', 'PUT'];

/** The method as a string, without making one for the common ones. */
export function methodText(bytes: Uint8Array, from: number, to: number): string {
  for (const method of COMMON) {
    if (method.length !== to - from) continue;
    let i = 0;
    while (i < method.length && bytes[from + i] === method.charCodeAt(i)) i++;
    if (i === method.length) return method;
  }
  let out = '';
  for (let i = from; i < to; i++) out += String.fromCharCode(bytes[i]);
  return out;
}
