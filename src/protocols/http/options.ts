// Options of HTTP, under the names that Packetbeat's users know, and what they are compiled into once for all flows.

import { z } from 'zod';
import { commonOptions, wordsOption } from '../common-options.ts';

export const PORTS = [80, 8080, 8000, 5000, 8002] as const;

/** Bodies are only kept for display: more than this of one is counted but not stored. */
export const MAX_STORED_BODY_BYTES = 1024 * 1024;

export const options = z.strictObject({
  // A connection tells which response belongs to which request however late it comes, so HTTP waits longer than
  // Packetbeat's 10 s: a long poll stays one transaction.
  ...commonOptions({ ports: PORTS, transactionTimeout: '5m' }),
  hide_keywords: wordsOption().describe(
    'names of parameters (queries, forms, JSON) whose values, whatever they are, are masked, besides those that look like secrets',
  ),
  redact_authorization: z
    .boolean()
    .default(false)
    .describe('mask Authorization and Proxy-Authorization even when `show_secrets` is on, and leave out `user.name`'),
  redact_headers: wordsOption().describe(
    'headers whose values are replaced by REDACTED, even when `show_secrets` is on',
  ),
  show_secrets: z
    .boolean()
    .default(false)
    .describe(
      'show credentials: Authorization, cookies, *token*, *key* headers, password-like parameters of queries, forms and JSON',
    ),
  send_headers: wordsOption().describe('headers to put into http.request.headers and http.response.headers'),
  send_all_headers: z.boolean().default(false).describe('put all headers there'),
  include_body_for: wordsOption().describe('keep bodies whose content type contains one of these'),
  include_request_body_for: wordsOption().describe('the same for requests only'),
  include_response_body_for: wordsOption().describe('the same for responses only'),
  decode_body: z
    .boolean()
    .default(true)
    .describe('decompress kept bodies (gzip, deflate, br, zstd; at most two layers)'),
  split_cookie: z
    .boolean()
    .default(false)
    .describe('one entry per cookie (`cookie.<name>`) instead of the whole header'),
  real_ip_header: z
    .string()
    .default('')
    .describe('header with the address of the real client (`X-Forwarded-For`): becomes network.forwarded_ip'),
  max_message_size: z
    .int()
    .min(1024)
    .default(10 * 1024 * 1024)
    .describe('bytes of one message that may be stored; what is beyond is only counted'),
});

export type HttpOptions = z.infer<typeof options>;

/** What the hot path asks of the options, in the form it asks. */
export interface Settings {
  readonly showSecrets: boolean;
  readonly redactAuthorization: boolean;
  readonly redactHeaders: ReadonlySet<string>;
  readonly hideKeywords: ReadonlySet<string>;
  readonly sendHeaders: ReadonlySet<string>;
  readonly sendAllHeaders: boolean;
  /** Any header beyond the content type and length is wanted. */
  readonly wantsHeaders: boolean;
  readonly splitCookie: boolean;
  readonly realIpHeader: string;
  readonly sendRequest: boolean;
  readonly sendResponse: boolean;
  readonly requestBodyFor: readonly string[];
  readonly responseBodyFor: readonly string[];
  readonly decodeBody: boolean;
  readonly maxStoredBytes: number;
  readonly timeoutSeconds: number;
}

const compiled = new WeakMap<object, Settings>();

/** The settings of these options; made once per options object. */
export function settingsOf(from: HttpOptions): Settings {
  const known = compiled.get(from);
  if (known !== undefined) return known;
  const lower = (list: readonly string[]) => list.map((word) => word.toLowerCase());
  const sendHeaders = new Set(lower(from.send_headers));
  const settings: Settings = {
    showSecrets: from.show_secrets,
    redactAuthorization: from.redact_authorization,
    redactHeaders: new Set(lower(from.redact_headers)),
    hideKeywords: new Set(lower(from.hide_keywords)),
    sendHeaders,
    sendAllHeaders: from.send_all_headers,
    wantsHeaders: from.send_all_headers || sendHeaders.size > 0,
    splitCookie: from.split_cookie,
    realIpHeader: from.real_ip_header.toLowerCase(),
    sendRequest: from.send_request,
    sendResponse: from.send_response,
    requestBodyFor: lower([...from.include_body_for, ...from.include_request_body_for]),
    responseBodyFor: lower([...from.include_body_for, ...from.include_response_body_for]),
    decodeBody: from.decode_body,
    maxStoredBytes: Math.min(from.max_message_size, MAX_STORED_BODY_BYTES),
    timeoutSeconds: from.transaction_timeout,
  };
  compiled.set(from, settings);
  return settings;
}
