// Feeds HTTP to the analyzer and tells its records as plain objects: slices as text, absent values left out.

import type { FlowView } from '../../../src/protocols/flow-view.ts';
import { http } from '../../../src/protocols/http/index.ts';
import type { HttpOptions } from '../../../src/protocols/http/options.ts';
import type { Direction, EndReason } from '../../../src/protocols/protocol.ts';
import { wireText } from '../../../src/records/text.ts';
import { AnalyzerKit, type Emitted } from '../../kit/analyzer.ts';

export type Told = Record<string, unknown>;
/** `>` what the client sends, `<` what the server sends. */
export type Exchange = readonly (readonly ['>' | '<', string | Uint8Array])[];

export function kit(options: Partial<HttpOptions> = {}, flow: Partial<FlowView> = {}): AnalyzerKit<HttpOptions> {
  return new AnalyzerKit(http, options, flow);
}

export function tell({ record }: Emitted): Told {
  const bytes = Buffer.from(record.bytes as string, 'latin1');
  const told: Told = {};
  for (const [key, value] of Object.entries(record)) {
    if (key === 'bytes' || key.endsWith('End')) continue;
    if (!key.endsWith('At')) told[key] = value;
    else if (value !== -1) {
      const name = key.slice(0, -2);
      told[name] = wireText(bytes, value as number, record[`${name}End`] as number);
    }
  }
  return told;
}

export const direction = (side: '>' | '<'): Direction => (side === '>' ? 0 : 1);

/** The records of an exchange, cut into pieces of `step` bytes. */
export function records(
  exchange: Exchange,
  options: Partial<HttpOptions> = {},
  { step = Number.POSITIVE_INFINITY, end = 'fin' as EndReason } = {},
): Told[] {
  const driven = kit(options);
  for (const [side, bytes] of exchange) driven.data(direction(side), bytes, step);
  return driven.end(end).map(tell);
}

export const GET = 'GET /index.html HTTP/1.1\r\nHost: www.example.com\r\n\r\n';
export const OK = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello';
