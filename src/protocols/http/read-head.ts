// From the bytes of a head to a `Message`. Only the header fields that mean something here become strings; the names of all others
// are passed over by their length.

import type { MapEntries } from '../../records/field.ts';
import { asciiLower, wireText } from '../../records/text.ts';
import { copyBytes } from '../../wire/bytes.ts';
import { wordsOf } from '../../wire/words.ts';
import { readContentLength, readTransferEncoding } from './body.ts';
import { FieldName } from './field-name.ts';
import {
  BARE_CR,
  BARE_LF,
  BLANK_BEFORE_COLON,
  FOLDED,
  type HeadIndex,
  NO_COLON,
  NUL,
  TOO_MANY_LINES,
  unfold,
} from './head.ts';
import type { Message } from './message.ts';
import type { Settings } from './options.ts';
import { maskHeader, maskUrl } from './redact.ts';
import { isIcy, methodText, statusCodeAt, versionAt } from './start-line.ts';
import { userOf } from './user.ts';
import { word } from './words.ts';

const HOST = new FieldName('host');
const REFERER = new FieldName('referer');
const UPGRADE = new FieldName('upgrade');
const EXPECT = new FieldName('expect');
const USER_AGENT = new FieldName('user-agent');
const CONTENT_TYPE = new FieldName('content-type');
const X_REQUEST_ID = new FieldName('x-request-id');
const AUTHORIZATION = new FieldName('authorization');
const CONTENT_LENGTH = new FieldName('content-length');
const CONTENT_ENCODING = new FieldName('content-encoding');
const TRANSFER_ENCODING = new FieldName('transfer-encoding');

const ODDITIES: readonly (readonly [number, string])[] = [
  [BARE_LF, 'lines end with LF alone'],
  [BARE_CR, 'CR within a line'],
  [NUL, 'NUL in the head'],
  [FOLDED, 'folded header line'],
  [BLANK_BEFORE_COLON, 'blank before a colon'],
  [NO_COLON, 'header line without a colon'],
];

/**
 * Reads the head [from, to), which `index` has just indexed and whose first line is a start line. Returns false when a limit kept
 * something from being read.
 */
export function readHead(
  message: Message,
  bytes: Uint8Array,
  from: number,
  to: number,
  index: HeadIndex,
  settings: Settings,
): boolean {
  message.headLength = 0;
  message.bytes = to - from;
  const keepsHead =
    message.isRequest || settings.wantsHeaders || settings.sendResponse || (index.oddities & FOLDED) !== 0;
  if (keepsHead) {
    message.reserve(to - from);
    copyBytes(bytes, from, to, message.head, 0);
    message.headLength = to - from;
  }
  if ((index.oddities & FOLDED) === 0) readLines(message, bytes, wordsOf(bytes), from, index, settings);
  else {
    unfold(message.head, index, 0);
    readLines(message, message.head, message.headView, 0, index, settings);
  }
  if (index.oddities !== 0) {
    for (const [bit, what] of ODDITIES) if ((index.oddities & bit) !== 0) message.ambiguous(what);
  }
  if (keepsHead) maskAndCollect(message, index, settings);
  return (index.oddities & TOO_MANY_LINES) === 0;
}

function readLines(
  message: Message,
  bytes: Uint8Array,
  view: DataView,
  base: number,
  index: HeadIndex,
  settings: Settings,
): void {
  if (message.isRequest) readRequestLine(message, index);
  else readStatusLine(message, bytes, view, base, base + index.lineTo[0]);
  readFields(message, bytes, view, base, index, settings);
}

function readRequestLine(message: Message, index: HeadIndex): void {
  const head = message.head;
  const end = index.lineTo[0];
  let at = 0;
  while (head[at] !== 0x20) at++;
  message.method = methodText(head, 0, at);
  const version = versionAt(head, at, end);
  if (version === -1 && message.isSimple) {
    message.version = '0.9';
    message.targetAt = at + 1;
    message.targetTo = end;
    return;
  }
  if (version === -1) {
    // Cut within the line: what is there of the target, without the beginning of the version.
    let to = at + 1;
    while (to < end && head[to] !== 0x20) to++;
    message.version = '';
    message.targetAt = at + 1;
    message.targetTo = to;
    if (to === end) message.note('The end of the target is missing');
    return;
  }
  message.version = versionText(head, version);
  let target = at + 1;
  let targetTo = version - 1;
  while (target < targetTo && head[target] === 0x20) target++;
  while (targetTo > target && head[targetTo - 1] === 0x20) targetTo--;
  message.targetAt = target;
  message.targetTo = targetTo;
  if (target !== at + 1 || targetTo !== version - 1) message.ambiguous('blanks in the request line');
}

function versionText(bytes: Uint8Array, at: number): string {
  const minor = bytes[at + 7];
  if (bytes[at + 5] === 0x31 && minor === 0x31) return '1.1';
  if (bytes[at + 5] === 0x31 && minor === 0x30) return '1.0';
  return `${bytes[at + 5] - 0x30}.${minor - 0x30}`;
}

function readStatusLine(message: Message, bytes: Uint8Array, view: DataView, from: number, to: number): void {
  message.version = isIcy(bytes, from) ? '1.0' : versionText(bytes, from);
  const code = statusCodeAt(bytes, from);
  message.status = (bytes[code] - 0x30) * 100 + (bytes[code + 1] - 0x30) * 10 + (bytes[code + 2] - 0x30);
  let at = code + 3;
  while (at < to && bytes[at] === 0x20) at++;
  message.phrase = at < to ? word(bytes, view, at, to, true) : '';
}

function readFields(
  message: Message,
  bytes: Uint8Array,
  view: DataView,
  base: number,
  index: HeadIndex,
  settings: Settings,
): void {
  const { count } = index;
  for (let line = 1; line < count; line++) {
    index.field(bytes, view, base, line);
    const at = base + index.lineFrom[line];
    const valueAt = index.valueFrom;
    const valueTo = index.valueTo;
    switch (index.nameTo - at) {
      case 4:
        if (HOST.isAt(view, at)) {
          if (message.hostAt !== -1) message.ambiguous('several Host fields');
          else {
            message.hostAt = valueAt - base;
            message.hostTo = valueTo - base;
          }
        }
        break;
      case 6:
        if (EXPECT.isAt(view, at)) message.expectsInterim = true;
        break;
      case 7:
        if (REFERER.isAt(view, at)) {
          message.refererAt = valueAt - base;
          message.refererTo = valueTo - base;
        } else if (UPGRADE.isAt(view, at)) message.upgrade = word(bytes, view, valueAt, valueTo, true);
        break;
      case 10:
        if (USER_AGENT.isAt(view, at)) {
          message.userAgentAt = valueAt - base;
          message.userAgentTo = valueTo - base;
        }
        break;
      case 12:
        if (CONTENT_TYPE.isAt(view, at)) message.contentType = word(bytes, view, valueAt, valueTo);
        else if (message.isRequest && X_REQUEST_ID.isAt(view, at)) {
          message.requestId = wireText(bytes, valueAt, valueTo);
        }
        break;
      case 13:
        if (message.isRequest && !settings.redactAuthorization && AUTHORIZATION.isAt(view, at)) {
          message.userName = userOf(bytes, valueAt, valueTo);
        }
        break;
      case 14:
        if (CONTENT_LENGTH.isAt(view, at)) {
          readContentLength(message, bytes, valueAt, valueTo);
          if (!message.hasContentLength) message.oddContentLength = wireText(bytes, valueAt, valueTo);
        }
        break;
      case 16:
        if (CONTENT_ENCODING.isAt(view, at)) {
          const coding = word(bytes, view, valueAt, valueTo, true);
          message.contentEncoding = message.contentEncoding === '' ? coding : `${message.contentEncoding},${coding}`;
        }
        break;
      case 17:
        if (TRANSFER_ENCODING.isAt(view, at)) readTransferEncoding(message, word(bytes, view, valueAt, valueTo, true));
        break;
    }
  }
}

/** Masks secrets in our copy of the head and collects the wanted header fields from it. */
function maskAndCollect(message: Message, index: HeadIndex, settings: Settings): void {
  const { head, headView } = message;
  if (message.isRequest) {
    maskUrl(head, message.targetAt, message.targetTo, settings);
    if (message.refererAt !== -1) maskUrl(head, message.refererAt, message.refererTo, settings);
  }
  const isRaw = message.isRequest ? settings.sendRequest : settings.sendResponse;
  const readsRealIp = message.isRequest && settings.realIpHeader !== '';
  if (!settings.wantsHeaders && !isRaw && !readsRealIp) return;
  const fields = settings.wantsHeaders ? new Map<string, string | string[]>() : undefined;
  for (let line = 1; line < index.count; line++) {
    index.field(head, headView, 0, line);
    const { nameTo, valueFrom: at, valueTo: to } = index;
    if (nameTo === index.lineFrom[line]) {
      // Without a colon nobody knows whether it is a secret.
      if (!settings.showSecrets) head.fill(0x2a, index.lineFrom[line], index.lineTo[line]);
      continue;
    }
    const name = word(head, headView, index.lineFrom[line], nameTo, true);
    if (readsRealIp && name === settings.realIpHeader && message.forwardedIp === '') {
      message.forwardedIp = wireText(head, at, to);
    }
    maskHeader(name, head, at, to, settings);
    if (fields === undefined || (!settings.sendAllHeaders && !settings.sendHeaders.has(name))) continue;
    if (name === 'content-length' || name === 'content-type') continue;
    if (settings.redactHeaders.has(name)) collect(fields, name, 'REDACTED');
    else if (settings.splitCookie && (name === 'cookie' || name === 'set-cookie'))
      collectCookies(fields, name, head, at, to);
    else collect(fields, name, wireText(head, at, to));
  }
  if (fields !== undefined && fields.size > 0) message.headers = [...fields] as MapEntries;
}

function collect(fields: Map<string, string | string[]>, name: string, value: string): void {
  const known = fields.get(name);
  if (known === undefined) fields.set(name, value);
  else if (typeof known === 'string') fields.set(name, [known, value]);
  else known.push(value);
}

/** One entry per cookie. The attributes of Set-Cookie (`Path`, `Secure`) are entries too, as Packetbeat has them. */
function collectCookies(
  fields: Map<string, string | string[]>,
  header: string,
  bytes: Uint8Array,
  from: number,
  to: number,
): void {
  for (const pair of wireText(bytes, from, to).split(';')) {
    const equals = pair.indexOf('=');
    const name = asciiLower((equals === -1 ? pair : pair.slice(0, equals)).trim());
    if (name !== '') collect(fields, `${header}.${name}`, equals === -1 ? '' : pair.slice(equals + 1).trim());
  }
}
