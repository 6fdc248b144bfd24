// The record of one HTTP/1.x transaction. Names follow ECS and Packetbeat; what they have no name for stands under `netscribe.http`.

import { program, transaction } from '../../records/common.ts';
import { f } from '../../records/field.ts';
import { defineRecord, type RecordOf } from '../../records/record.ts';
import { VERSION } from '../../version.ts';

export const http = defineRecord(
  'http',
  { family: 'transaction', doc: 'an HTTP/1.x (or 0.9) request with its response' },
  {
    ...program(VERSION),
    ...transaction('http'),
    networkProtocol: f.constant('network.protocol', 'http'),
    forwardedIp: f
      .keyword(
        'network.forwarded_ip',
        'address of the real client, from the header that `real_ip_header` names, else from that of the PROXY protocol',
      )
      .optional(),

    method: f
      .keyword(['http.request.method', 'method'], 'request method, in the case it was sent')
      .optional()
      .dimension(),
    query: f.slice('query', 'method and path').optional(),
    version: f
      .keyword(
        'http.version',
        'version of the request (of the response when there is no request); 0.9: a line without a version',
      )
      .optional(),
    requestId: f.text('http.request.id', 'X-Request-ID').optional(),
    requestBytes: f
      .int('http.request.bytes', 'bytes of the whole request: head and body as sent')
      .optional()
      .inUnit('bytes'),
    requestBodyBytes: f
      .int('http.request.body.bytes', 'bytes of the request body, without chunk framing, before decompression')
      .optional()
      .inUnit('bytes'),
    requestBody: f.text('http.request.body.content', 'the request body, for wanted content types').optional(),
    requestMimeType: f.keyword('http.request.mime_type', 'what a kept request body looks like').optional(),
    referrer: f.slice('http.request.referrer', 'Referer').optional(),
    requestHeaders: f.map('http.request.headers', 'request headers, names in lower case').optional(),

    statusCode: f.int('http.response.status_code', 'status code').optional().dimension().alias('status_code'),
    statusPhrase: f.keyword('http.response.status_phrase', 'reason phrase in lower case').optional(),
    responseBytes: f.int('http.response.bytes', 'bytes of the whole response').optional().inUnit('bytes'),
    responseBodyBytes: f
      .int('http.response.body.bytes', 'bytes of the response body, without chunk framing, before decompression')
      .optional()
      .inUnit('bytes'),
    responseBody: f.text('http.response.body.content', 'the response body, for wanted content types').optional(),
    responseMimeType: f.keyword('http.response.mime_type', 'what a kept response body looks like').optional(),
    responseHeaders: f.map('http.response.headers', 'response headers, names in lower case').optional(),

    urlOriginal: f.slice('url.original', 'request target as it stood on the wire').optional(),
    urlScheme: f.keyword('url.scheme', 'http').optional(),
    urlDomain: f.keyword('url.domain', 'host that the request names').optional().alias('host'),
    urlPort: f.int('url.port', 'port that the request names, when it is not 80').optional(),
    urlPath: f.slice('url.path', 'path').optional(),
    urlQuery: f.slice('url.query', 'query string as sent').optional(),
    urlFragment: f.slice('url.fragment', 'fragment').optional(),
    urlExtension: f.slice('url.extension', 'extension of the last path segment').optional(),
    urlFull: f.slice('url.full', 'the whole URL').optional(),
    urlUsername: f.text('url.username', 'user in the URL').optional(),
    destinationDomain: f
      .keyword(['destination.domain', 'server.domain'], 'host that the request names, when it is no address')
      .optional(),
    relatedHosts: f.keywords('related.hosts', 'host names').optional(),
    userAgent: f.slice('user_agent.original', 'User-Agent').optional(),
    userName: f.text('user.name', 'user of Basic or Digest authentication').optional(),
    relatedUser: f.keywords('related.user', 'user names').optional(),

    request: f.text('request', 'the request as sent, with `send_request`').optional(),
    response: f.text('response', 'the response as sent, with `send_response`').optional(),

    informational: f.keywords('netscribe.http.informational', 'codes of interim responses (103)').optional(),
    ambiguous: f
      .keywords('netscribe.http.ambiguous', 'what different readers of these messages would understand differently')
      .optional(),
    requestTrailers: f.keywords('netscribe.http.request.trailers', 'names of trailer fields').optional(),
    responseTrailers: f.keywords('netscribe.http.response.trailers', 'names of trailer fields').optional(),
    requestChunkExtensions: f.bool('netscribe.http.request.chunk_extensions', 'chunk extensions were used').optional(),
    responseChunkExtensions: f
      .bool('netscribe.http.response.chunk_extensions', 'chunk extensions were used')
      .optional(),
    requestMissingBytes: f
      .int('netscribe.http.request.missing_bytes', 'bytes of the request that the capture lacks')
      .optional()
      .inUnit('bytes'),
    responseMissingBytes: f
      .int('netscribe.http.response.missing_bytes', 'bytes of the response that the capture lacks')
      .optional()
      .inUnit('bytes'),
  },
);

export type HttpRecord = RecordOf<typeof http.fields>;

export const NO_BYTES = new Uint8Array(0);

/** A record with nothing in it. */
export function blankRecord(): HttpRecord {
  return {
    startSeconds: 0,
    startNanos: 0,
    endSeconds: undefined,
    endNanos: undefined,
    duration: undefined,
    status: 'OK',
    sourceBytes: undefined,
    destinationBytes: undefined,
    networkBytes: undefined,
    errorMessage: undefined,
    forwardedIp: undefined,
    method: undefined,
    queryAt: -1,
    queryEnd: -1,
    version: undefined,
    requestId: undefined,
    requestBytes: undefined,
    requestBodyBytes: undefined,
    requestBody: undefined,
    requestMimeType: undefined,
    referrerAt: -1,
    referrerEnd: -1,
    requestHeaders: undefined,
    statusCode: undefined,
    statusPhrase: undefined,
    responseBytes: undefined,
    responseBodyBytes: undefined,
    responseBody: undefined,
    responseMimeType: undefined,
    responseHeaders: undefined,
    urlOriginalAt: -1,
    urlOriginalEnd: -1,
    urlScheme: undefined,
    urlDomain: undefined,
    urlPort: undefined,
    urlPathAt: -1,
    urlPathEnd: -1,
    urlQueryAt: -1,
    urlQueryEnd: -1,
    urlFragmentAt: -1,
    urlFragmentEnd: -1,
    urlExtensionAt: -1,
    urlExtensionEnd: -1,
    urlFullAt: -1,
    urlFullEnd: -1,
    urlUsername: undefined,
    destinationDomain: undefined,
    relatedHosts: undefined,
    userAgentAt: -1,
    userAgentEnd: -1,
    userName: undefined,
    relatedUser: undefined,
    request: undefined,
    response: undefined,
    informational: undefined,
    ambiguous: undefined,
    requestTrailers: undefined,
    responseTrailers: undefined,
    requestChunkExtensions: undefined,
    responseChunkExtensions: undefined,
    requestMissingBytes: undefined,
    responseMissingBytes: undefined,
    bytes: NO_BYTES,
  };
}
