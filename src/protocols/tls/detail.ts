// The hellos as `tls.detailed` tells them: every extension that has a field, the others by name or number.

import {
  compressionName,
  EXTENSION_ALPN,
  EXTENSION_EC_POINT_FORMATS,
  EXTENSION_SERVER_NAME,
  EXTENSION_SESSION_TICKET,
  EXTENSION_SIGNATURE_ALGORITHMS,
  EXTENSION_STATUS_REQUEST,
  EXTENSION_SUPPORTED_GROUPS,
  EXTENSION_SUPPORTED_VERSIONS,
  extensionName,
  groupName,
  isGrease,
  pointFormatName,
  signatureAlgorithmName,
  versionName,
} from './codes.ts';
import {
  applicationProtocols,
  pointFormats,
  serverNames,
  signatureAlgorithms,
  supportedGroups,
  supportedVersions,
} from './extensions.ts';
import { extensionOf, type Hello } from './hello.ts';
import type { TlsRecord } from './record.ts';

/** Longer lists are cut in the record; fingerprints count all. */
export const MAX_LISTED = 512;
const STATUS_TYPE_OCSP = 1;

const CLIENT_FIELDS: ReadonlySet<number> = new Set([
  EXTENSION_SERVER_NAME,
  EXTENSION_STATUS_REQUEST,
  EXTENSION_SUPPORTED_GROUPS,
  EXTENSION_EC_POINT_FORMATS,
  EXTENSION_SIGNATURE_ALGORITHMS,
  EXTENSION_ALPN,
  EXTENSION_SESSION_TICKET,
  EXTENSION_SUPPORTED_VERSIONS,
]);
const SERVER_FIELDS: ReadonlySet<number> = new Set([
  EXTENSION_STATUS_REQUEST,
  EXTENSION_EC_POINT_FORMATS,
  EXTENSION_ALPN,
  EXTENSION_SESSION_TICKET,
  EXTENSION_SUPPORTED_VERSIONS,
]);

export function describeHello(record: TlsRecord, hello: Hello): void {
  if (hello.bytes.length < 2) return;
  record.helloVersion = legacyVersion(hello);
  record.helloRandom = hexOf(hello, hello.randomFrom, hello.randomTo);
  record.helloSession = hexOf(hello, hello.sessionFrom, hello.sessionTo);
  record.helloCompressions = filled(hello.compressions.map(compressionName));
  record.helloNames = filled(serverNames(hello));
  record.helloAlpn = filled(applicationProtocols(hello));
  record.helloTicket = ticketOf(hello);
  record.helloVersions = named(supportedVersions(hello), versionName);
  record.helloGroups = named(supportedGroups(hello), groupName);
  record.helloSignatures = named(signatureAlgorithms(hello), signatureAlgorithmName);
  record.helloPointFormats = filled(pointFormats(hello).map(pointFormatName));
  describeStatusRequest(record, hello);
  record.helloUnparsed = unparsed(hello, CLIENT_FIELDS);
}

export function describeAnswer(record: TlsRecord, hello: Hello): void {
  if (hello.bytes.length < 2) return;
  record.answerVersion = legacyVersion(hello);
  record.answerRandom = hexOf(hello, hello.randomFrom, hello.randomTo);
  record.answerSession = hexOf(hello, hello.sessionFrom, hello.sessionTo);
  if (hello.compressions.length > 0) record.answerCompression = compressionName(hello.compressions[0]);
  record.answerAlpn = filled(applicationProtocols(hello));
  record.answerTicket = ticketOf(hello);
  const [version] = supportedVersions(hello);
  if (version !== undefined) record.answerVersions = versionName(version);
  record.answerPointFormats = filled(pointFormats(hello).map(pointFormatName));
  if (extensionOf(hello, EXTENSION_STATUS_REQUEST) !== undefined) record.answerStatus = true;
  record.answerUnparsed = unparsed(hello, SERVER_FIELDS);
}

/** RFC 6066 section 8: type, responder ids and request extensions, each with a length of two octets. */
function describeStatusRequest(record: TlsRecord, hello: Hello): void {
  const extension = extensionOf(hello, EXTENSION_STATUS_REQUEST);
  if (extension === undefined || extension.to - extension.from < 5) return;
  const { bytes } = hello;
  const { from, to } = extension;
  record.helloStatusType = bytes[from] === STATUS_TYPE_OCSP ? 'ocsp' : String(bytes[from]);
  const idsOctets = (bytes[from + 1] << 8) | bytes[from + 2];
  record.helloResponderOctets = idsOctets;
  const at = from + 3 + idsOctets;
  if (at + 2 <= to) record.helloStatusExtensions = (bytes[at] << 8) | bytes[at + 1];
}

function legacyVersion({ version }: Hello): string {
  return `${version >> 8}.${version & 0xff}`;
}

/** Empty: a ticket is asked for; else its length: the ticket itself would be a key to nothing but this session. */
function ticketOf(hello: Hello): string | undefined {
  const extension = extensionOf(hello, EXTENSION_SESSION_TICKET);
  if (extension === undefined) return undefined;
  return extension.to === extension.from ? '' : `(${extension.to - extension.from} bytes)`;
}

function unparsed(hello: Hello, known: ReadonlySet<number>): readonly string[] | undefined {
  const types = hello.extensionTypes.filter((type) => !known.has(type));
  return named(types, extensionName);
}

function named(numbers: readonly number[], name: (number: number) => string): readonly string[] | undefined {
  return filled(numbers.filter((number) => !isGrease(number)).map(name));
}

function filled(list: readonly string[]): readonly string[] | undefined {
  return list.length === 0 ? undefined : list.slice(0, MAX_LISTED);
}

function hexOf({ bytes }: Hello, from: number, to: number): string | undefined {
  return to > from ? Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('hex') : undefined;
}
