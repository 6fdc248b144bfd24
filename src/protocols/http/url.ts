// The URL of a request, from its target (RFC 9112 section 3.2: origin, absolute, authority and asterisk form) and its Host field.
// Everything is a range of the head that is shown; what is not there in one piece is written behind it.

import { isIP } from 'node:net';
import type { Message } from './message.ts';
import type { HttpRecord } from './record.ts';
import { ShownHead } from './shown-head.ts';
import { word } from './words.ts';

export const DEFAULT_PORT = 80;

const COLON = 0x3a;
const SLASH = 0x2f;
const QUESTION = 0x3f;
const HASH = 0x23;
const AT = 0x40;
const ASTERISK = 0x2a;
const BRACKET = 0x5b;

const shown = new ShownHead();

/** The one host that a request names. One array, valid until the next request is told. */
const hosts = [''];

/** Host and port of an authority, as `readAuthority` found them. One object, used at once. */
const authority = {
  hostAt: 0,
  hostTo: 0,
  /** -1: none given. */
  port: -1,
};

/** Reads `host`, `host:port`, `[v6]`, `[v6]:port`. A port that is none is taken for a part of the name, as it was sent. */
function readAuthority(bytes: Uint8Array, from: number, to: number): void {
  let colon = to;
  let portAt = to;
  while (portAt > from && bytes[portAt - 1] >= 0x30 && bytes[portAt - 1] <= 0x39) portAt--;
  authority.port = -1;
  if (portAt > from && bytes[portAt - 1] === COLON && to - portAt <= 6) {
    let port = 0;
    for (let i = portAt; i < to; i++) port = port * 10 + bytes[i] - 0x30;
    // Without brackets a second colon makes it an IPv6 address, not a port.
    const isBare = bytes[from] !== BRACKET && hasColon(bytes, from, portAt - 1);
    if (port <= 65535 && !isBare) {
      colon = portAt - 1;
      if (portAt < to) authority.port = port;
    }
  }
  authority.hostAt = from;
  authority.hostTo = colon;
  if (colon - from >= 2 && bytes[from] === BRACKET && bytes[colon - 1] === 0x5d) {
    authority.hostAt = from + 1;
    authority.hostTo = colon - 1;
  }
}

function hasColon(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] === COLON) return true;
  return false;
}

/** Offset of `//` behind `scheme:` at the beginning of [from, to), or -1. */
function schemeEnd(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && (bytes[at] | 0x20) >= 0x61 && (bytes[at] | 0x20) <= 0x7a) at++;
  return at > from && at + 2 < to && bytes[at] === COLON && bytes[at + 1] === SLASH && bytes[at + 2] === SLASH
    ? at + 1
    : -1;
}

function looksLikeAddress(host: string): boolean {
  const c = host.charCodeAt(0);
  return ((c >= 0x30 && c <= 0x39) || host.includes(':')) && isIP(host) !== 0;
}

/**
 * Fills the fields of the record that come from the target and the Host field, and gives it the bytes that its slices are in. `serverPort`: where the request was sent to.
 */
export function describeUrl(request: Message, serverPort: number, record: HttpRecord): void {
  shown.show(request.head, request.headLength);
  const { bytes: head, view } = shown;
  const from = request.targetAt;
  const to = request.targetTo;
  record.urlOriginalAt = from;
  record.urlOriginalEnd = to;

  let hostAt = request.hostAt;
  let hostTo = request.hostTo;
  let pathAt = from;
  const isConnect = request.method === 'CONNECT';
  record.urlScheme = 'http';
  record.urlUsername = undefined;
  const scheme = isConnect || head[from] === SLASH ? -1 : schemeEnd(head, from, to);
  if (isConnect) {
    hostAt = from;
    hostTo = to;
    pathAt = to;
  } else if (scheme !== -1) {
    record.urlScheme = word(head, view, from, scheme - 1, true);
    hostAt = scheme + 2;
    pathAt = hostAt;
    while (pathAt < to && head[pathAt] !== SLASH && head[pathAt] !== QUESTION && head[pathAt] !== HASH) pathAt++;
    hostTo = pathAt;
    for (let i = pathAt - 1; i >= hostAt; i--) {
      if (head[i] !== AT) continue;
      let user = hostAt;
      while (user < i && head[user] !== COLON) user++;
      if (user > hostAt) record.urlUsername = word(head, view, hostAt, user);
      hostAt = i + 1;
      break;
    }
  }

  let end = pathAt;
  while (end < to && head[end] !== QUESTION && head[end] !== HASH) end++;
  record.urlPathAt = end > pathAt ? pathAt : -1;
  record.urlPathEnd = end > pathAt ? end : -1;
  const pathTo = end;
  record.urlQueryAt = -1;
  record.urlQueryEnd = -1;
  if (end < to && head[end] === QUESTION) {
    const queryAt = ++end;
    while (end < to && head[end] !== HASH) end++;
    if (end > queryAt) {
      record.urlQueryAt = queryAt;
      record.urlQueryEnd = end;
    }
  }
  const hasFragment = end + 1 < to && head[end] === HASH;
  record.urlFragmentAt = hasFragment ? end + 1 : -1;
  record.urlFragmentEnd = hasFragment ? to : -1;
  describeExtension(head, pathAt, pathTo, record);

  record.urlDomain = undefined;
  record.destinationDomain = undefined;
  record.relatedHosts = undefined;
  let port = -1;
  if (hostAt !== -1 && hostTo > hostAt) {
    readAuthority(head, hostAt, hostTo);
    port = authority.port;
    hostAt = authority.hostAt;
    hostTo = authority.hostTo;
  }
  const hasHost = hostAt !== -1 && hostTo > hostAt;
  // What has no port was sent to the server's, unless it names another server than the one it was sent to.
  const isProxied = isConnect || scheme !== -1;
  const effectivePort = port !== -1 ? port : isProxied ? DEFAULT_PORT : serverPort;
  record.urlPort = effectivePort === DEFAULT_PORT || effectivePort === 0 ? undefined : effectivePort;
  if (!isProxied && port !== -1 && serverPort !== 0 && port !== serverPort) {
    request.note('Host header port number mismatch');
  }
  if (hasHost) {
    const host = word(head, view, hostAt, hostTo);
    record.urlDomain = host;
    if (!looksLikeAddress(host)) {
      if (!isProxied) record.destinationDomain = host;
      hosts[0] = host;
      record.relatedHosts = hosts;
    }
  }
  describeWhole(request, record, hasHost && !isConnect, hostAt, hostTo, pathAt, pathTo, scheme);
  record.bytes = shown.bytes;
}

function describeExtension(head: Uint8Array, from: number, to: number, record: HttpRecord): void {
  record.urlExtensionAt = -1;
  record.urlExtensionEnd = -1;
  for (let i = to - 1; i >= from && head[i] !== SLASH; i--) {
    if (head[i] !== 0x2e) continue;
    if (i + 1 < to) {
      record.urlExtensionAt = i + 1;
      record.urlExtensionEnd = to;
    }
    return;
  }
}

/** `url.full` and `query` (method and path): ranges of the head where it has them in one piece, else written behind it. */
function describeWhole(
  request: Message,
  record: HttpRecord,
  hasHost: boolean,
  hostAt: number,
  hostTo: number,
  pathAt: number,
  pathTo: number,
  scheme: number,
): void {
  const methodTo = request.method.length;
  if (request.targetAt === methodTo + 1 && (scheme === -1 || pathAt === pathTo)) {
    record.queryAt = 0;
    record.queryEnd = request.method === 'CONNECT' ? request.targetTo : pathTo > pathAt ? pathTo : methodTo;
  } else {
    record.queryAt = shown.length;
    shown.repeat(0, methodTo);
    shown.writeAscii(' ');
    shown.repeat(pathAt, pathTo);
    record.queryEnd = shown.length;
  }
  record.urlFullAt = -1;
  record.urlFullEnd = -1;
  if (!hasHost) return;
  if (scheme !== -1) {
    record.urlFullAt = request.targetAt;
    record.urlFullEnd = request.targetTo;
    return;
  }
  record.urlFullAt = shown.length;
  const isV6 = shown.bytes[hostAt - 1] === BRACKET;
  shown.writeAscii(isV6 ? 'http://[' : 'http://');
  shown.repeat(hostAt, hostTo);
  if (isV6) shown.writeAscii(']');
  if (record.urlPort !== undefined) shown.writeAscii(`:${record.urlPort}`);
  // The asterisk form speaks of the server as a whole (RFC 9112 section 3.2.4).
  if (shown.bytes[pathAt] !== ASTERISK) {
    if (shown.bytes[pathAt] !== SLASH) shown.writeAscii('/');
    shown.repeat(pathAt, request.targetTo);
  }
  record.urlFullEnd = shown.length;
}
