// Request and response → the record.

import { wireText } from '../../records/text.ts';
import { endAt } from '../span.ts';
import { decode } from './decompress.ts';
import { firstAddress } from './forwarded.ts';
import { maskJson } from './json-secrets.ts';
import type { Message } from './message.ts';
import { sniff } from './mime.ts';
import { formBoundary, maskParts } from './multipart.ts';
import type { Settings } from './options.ts';
import { blankRecord, type HttpRecord, NO_BYTES } from './record.ts';
import { maskParameters } from './redact.ts';
import { ShownHeaders } from './shown-headers.ts';
import { describeUrl } from './url.ts';

/** The record that all transactions are told in, one after the other. */
const record = blankRecord();

const requestHeaders = new ShownHeaders();
const responseHeaders = new ShownHeaders();

/**
 * Tells one transaction. One of the two may be missing; `serverPort` is the port that requests go to. The record is valid until
 * the next call.
 */
export function describe(
  request: Message | undefined,
  response: Message | undefined,
  serverPort: number,
  settings: Settings,
): HttpRecord {
  const first = (request ?? response)!;
  record.startSeconds = first.startSeconds;
  record.startNanos = first.startNanos;
  record.version = first.version || response?.version;
  record.networkBytes = (request?.bytes ?? 0) + (response?.bytes ?? 0);
  const duration = response === undefined ? undefined : endAt(record, response.endSeconds, response.endNanos);
  record.duration = request === undefined ? undefined : duration;
  describeRequest(request, serverPort, settings);
  describeResponse(response, settings);
  describeNotes(request, response);
  return record;
}

function describeRequest(request: Message | undefined, serverPort: number, settings: Settings): void {
  if (request === undefined) {
    forgetRequest();
    return;
  }
  record.method = request.method;
  record.requestId = request.requestId || undefined;
  record.sourceBytes = request.bytes;
  record.requestBytes = request.bytes;
  record.requestBodyBytes = request.isHeadCut ? undefined : request.bodyBytes || undefined;
  record.userName = request.userName || undefined;
  record.relatedUser = request.userName === '' ? undefined : [request.userName];
  record.forwardedIp = request.forwardedIp === '' ? undefined : firstAddress(request.forwardedIp);
  record.requestHeaders = requestHeaders.of(request);
  record.requestTrailers = request.trailers.length > 0 ? request.trailers : undefined;
  record.requestChunkExtensions = request.hasChunkExtensions || undefined;
  record.requestMissingBytes = request.missingBytes || undefined;
  record.referrerAt = request.refererAt;
  record.referrerEnd = request.refererTo;
  record.userAgentAt = request.userAgentAt;
  record.userAgentEnd = request.userAgentTo;
  const body = bodyOf(request, settings);
  record.requestBody = body === undefined ? undefined : wireText(body, 0, body.length);
  record.requestMimeType = body === undefined ? undefined : sniff(body);
  record.request = settings.sendRequest
    ? wireText(request.head, 0, request.headLength) + (record.requestBody ?? '')
    : undefined;
  describeUrl(request, serverPort, record);
}

function forgetRequest(): void {
  record.method = undefined;
  record.requestId = undefined;
  record.sourceBytes = undefined;
  record.requestBytes = undefined;
  record.requestBodyBytes = undefined;
  record.userName = undefined;
  record.relatedUser = undefined;
  record.forwardedIp = undefined;
  record.requestHeaders = undefined;
  record.requestTrailers = undefined;
  record.requestChunkExtensions = undefined;
  record.requestMissingBytes = undefined;
  record.requestBody = undefined;
  record.requestMimeType = undefined;
  record.request = undefined;
  record.urlScheme = undefined;
  record.urlDomain = undefined;
  record.urlPort = undefined;
  record.urlUsername = undefined;
  record.destinationDomain = undefined;
  record.relatedHosts = undefined;
  record.queryAt = -1;
  record.referrerAt = -1;
  record.userAgentAt = -1;
  record.urlOriginalAt = -1;
  record.urlPathAt = -1;
  record.urlQueryAt = -1;
  record.urlFragmentAt = -1;
  record.urlExtensionAt = -1;
  record.urlFullAt = -1;
  record.bytes = NO_BYTES;
}

function describeResponse(response: Message | undefined, settings: Settings): void {
  if (response === undefined) {
    record.endSeconds = undefined;
    record.endNanos = undefined;
    record.statusCode = undefined;
    record.statusPhrase = undefined;
    record.destinationBytes = undefined;
    record.responseBytes = undefined;
    record.responseBodyBytes = undefined;
    record.responseHeaders = undefined;
    record.responseTrailers = undefined;
    record.responseChunkExtensions = undefined;
    record.responseMissingBytes = undefined;
    record.responseBody = undefined;
    record.responseMimeType = undefined;
    record.response = undefined;
    record.informational = undefined;
    return;
  }
  record.statusCode = response.isSimple ? undefined : response.status;
  record.statusPhrase = response.phrase || undefined;
  record.destinationBytes = response.bytes;
  record.responseBytes = response.bytes;
  record.responseBodyBytes = response.isHeadCut ? undefined : response.bodyBytes || undefined;
  record.responseHeaders = responseHeaders.of(response);
  record.responseTrailers = response.trailers.length > 0 ? response.trailers : undefined;
  record.responseChunkExtensions = response.hasChunkExtensions || undefined;
  record.responseMissingBytes = response.missingBytes || undefined;
  record.informational = response.informational.length > 0 ? response.informational : undefined;
  const body = bodyOf(response, settings);
  record.responseBody = body === undefined ? undefined : wireText(body, 0, body.length);
  record.responseMimeType = body === undefined ? undefined : sniff(body);
  record.response = settings.sendResponse
    ? wireText(response.head, 0, response.headLength) + (record.responseBody ?? '')
    : undefined;
}

function describeNotes(request: Message | undefined, response: Message | undefined): void {
  const isMatched = request !== undefined && response !== undefined;
  record.status = !isMatched || response.status >= 400 ? 'Error' : 'OK';
  record.errorMessage = undefined;
  record.ambiguous = undefined;
  // Of most there is nothing to note.
  if (isMatched && !isRemarkable(request) && !isRemarkable(response)) return;
  const notes: string[] = [];
  const ambiguous: string[] = [];
  if (request === undefined) notes.push('Unmatched response');
  else if (response === undefined) notes.push('Unmatched request');
  for (const message of [request, response]) {
    if (message === undefined) continue;
    const what = message.isRequest ? 'request' : 'response';
    notes.push(...message.notes);
    if (message.missingBytes > 0) notes.push(`Packet loss while capturing the ${what}`);
    if (message.isCutShort) notes.push(`The ${what} is incomplete`);
    if (message.ambiguities.length === 0) continue;
    ambiguous.push(...message.ambiguities);
    notes.push(`Ambiguous ${what}: ${message.ambiguities.join(', ')}`);
  }
  if (notes.length > 0) record.errorMessage = notes;
  if (ambiguous.length > 0) record.ambiguous = [...new Set(ambiguous)];
}

function isRemarkable({ notes, missingBytes, isCutShort, ambiguities }: Message): boolean {
  return notes.length > 0 || missingBytes > 0 || isCutShort || ambiguities.length > 0;
}

/** Overwrites the secrets in it, where the form is one that we can read. */
function maskBody(bytes: Uint8Array, contentType: string, settings: Settings): void {
  const type = contentType.toLowerCase();
  if (type.includes('x-www-form-urlencoded')) maskParameters(bytes, 0, bytes.length, settings);
  else if (type.includes('json')) maskJson(bytes, settings);
  else {
    const boundary = formBoundary(contentType);
    if (boundary !== undefined) maskParts(bytes, boundary, settings);
  }
}

/** The kept body, decoded if asked for; undefined when none was kept. */
function bodyOf(message: Message, settings: Settings): Uint8Array | undefined {
  const kept = message.body;
  if (kept === undefined || kept.length === 0) return undefined;
  let bytes = kept.bytes;
  if (kept.isCut) message.note('Body is too large to be stored whole');
  if (settings.decodeBody && (message.contentEncoding !== '' || message.transferEncoding !== '')) {
    const { bytes: decoded, problem } = decode(
      bytes,
      message.transferEncoding,
      message.contentEncoding,
      settings.maxStoredBytes,
    );
    if (problem !== undefined) message.note(problem);
    bytes = decoded;
  }
  maskBody(bytes, message.contentType, settings);
  return bytes;
}
