// What the extensions of a hello say: RFC 6066 (server name, status request), RFC 7301 (ALPN), RFC 8446 section 4.2, RFC 8422 section 5.1.
// A list that does not fit its length ends where the bytes end.

import { wireText } from '../../records/text.ts';
import {
  EXTENSION_ALPN,
  EXTENSION_EC_POINT_FORMATS,
  EXTENSION_KEY_SHARE,
  EXTENSION_SERVER_NAME,
  EXTENSION_SIGNATURE_ALGORITHMS,
  EXTENSION_SUPPORTED_GROUPS,
  EXTENSION_SUPPORTED_VERSIONS,
} from './codes.ts';
import { extensionOf, type Hello } from './hello.ts';

const NAME_TYPE_HOST = 0;
/** A hello has room for thousands of names; one is the rule. */
const MAX_NAMES = 64;

const NONE: readonly number[] = [];
const NO_TEXT: readonly string[] = [];

/** Numbers of two octets behind a length of two octets. */
function numbers16(hello: Hello, type: number): readonly number[] {
  const extension = extensionOf(hello, type);
  if (extension === undefined || extension.to - extension.from < 2) return NONE;
  return pairs(hello, extension.from + 2, extension.from + 2 + u16(hello, extension.from), extension.to);
}

function pairs(hello: Hello, from: number, listEnd: number, end: number): readonly number[] {
  const found: number[] = [];
  for (let at = from; at + 2 <= listEnd && at + 2 <= end; at += 2) found.push(u16(hello, at));
  return found;
}

function u16(hello: Hello, at: number): number {
  return (hello.bytes[at] << 8) | hello.bytes[at + 1];
}

export function supportedGroups(hello: Hello): readonly number[] {
  return numbers16(hello, EXTENSION_SUPPORTED_GROUPS);
}

export function signatureAlgorithms(hello: Hello): readonly number[] {
  return numbers16(hello, EXTENSION_SIGNATURE_ALGORITHMS);
}

/** A client's list, or the one that the server chose. */
export function supportedVersions(hello: Hello): readonly number[] {
  const extension = extensionOf(hello, EXTENSION_SUPPORTED_VERSIONS);
  if (extension === undefined) return NONE;
  const { from, to } = extension;
  if (!hello.isClient) return to - from >= 2 ? [u16(hello, from)] : NONE;
  return from < to ? pairs(hello, from + 1, from + 1 + hello.bytes[from], to) : NONE;
}

export function pointFormats(hello: Hello): readonly number[] {
  const extension = extensionOf(hello, EXTENSION_EC_POINT_FORMATS);
  if (extension === undefined || extension.from === extension.to) return NONE;
  const { from, to } = extension;
  const end = Math.min(to, from + 1 + hello.bytes[from]);
  return [...hello.bytes.subarray(from + 1, end)];
}

/** Host names that the client asks for. */
export function serverNames(hello: Hello): readonly string[] {
  const extension = extensionOf(hello, EXTENSION_SERVER_NAME);
  if (extension === undefined || extension.to - extension.from < 2) return NO_TEXT;
  const { bytes } = hello;
  const end = Math.min(extension.to, extension.from + 2 + u16(hello, extension.from));
  const names: string[] = [];
  let at = extension.from + 2;
  while (at + 3 <= end && names.length < MAX_NAMES) {
    const to = at + 3 + u16(hello, at + 1);
    if (to > end) break;
    if (bytes[at] === NAME_TYPE_HOST) names.push(wireText(bytes, at + 3, to));
    at = to;
  }
  return names;
}

/** Where each ALPN name stands: from, to, from, to, … */
export function alpnRanges(hello: Hello): readonly number[] {
  const extension = extensionOf(hello, EXTENSION_ALPN);
  if (extension === undefined || extension.to - extension.from < 2) return NONE;
  const end = Math.min(extension.to, extension.from + 2 + u16(hello, extension.from));
  const ranges: number[] = [];
  let at = extension.from + 2;
  while (at < end && ranges.length < 2 * MAX_NAMES) {
    const to = at + 1 + hello.bytes[at];
    if (to > end) break;
    ranges.push(at + 1, to);
    at = to;
  }
  return ranges;
}

export function applicationProtocols(hello: Hello): readonly string[] {
  const ranges = alpnRanges(hello);
  const names: string[] = [];
  for (let i = 0; i < ranges.length; i += 2) names.push(wireText(hello.bytes, ranges[i], ranges[i + 1]));
  return names;
}

/** The group of the server's key share (also of a HelloRetryRequest); undefined when there is none. */
export function chosenGroup(server: Hello): number | undefined {
  const extension = extensionOf(server, EXTENSION_KEY_SHARE);
  return extension === undefined || extension.to - extension.from < 2 ? undefined : u16(server, extension.from);
}
