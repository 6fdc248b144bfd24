// SOCKS up to the connection: for the tests, and for fuzzing to start from.

import { exchange, type Exchange as Fuzzed } from '../../fuzz/kit/exchange.ts';

export const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
export const REQUEST_5 = '05 01 00 01 c0a80001 0050';
export const REPLY_5 = '05 00 00 01 00000000 0000';

export type Exchange = readonly (readonly ['>' | '<', string])[];

export const CONNECTED: Record<string, Exchange> = {
  'SOCKS 5': [
    ['>', '05 01 00'],
    ['<', '05 00'],
    ['>', REQUEST_5],
    ['<', REPLY_5],
  ],
  'SOCKS 5 with a password and a name': [
    ['>', '05 02 00 02'],
    ['<', '05 02'],
    ['>', '01 04 75736572 02 7077'],
    ['<', '01 00'],
    ['>', '05 01 00 03 0b 6578616d706c652e6f7267 01bb'],
    ['<', '05 00 00 04 20010db8000000000000000000000001 01bb'],
  ],
  'SOCKS 4': [
    ['>', '04 01 0050 c0a80001 7573657200'],
    ['<', '00 5a 0000 00000000'],
  ],
  'SOCKS 4A': [
    ['>', '04 01 0050 00000001 00 6578616d706c652e6f726700'],
    ['<', '00 5a 0000 00000000'],
  ],
  BIND: [
    ['>', '04 02 0050 c0a80001 00'],
    ['<', '00 5a 0050 c0a80002'],
    ['<', '00 5a 0051 c0a80003'],
  ],
};

export const seeds: readonly Fuzzed[] = Object.values(CONNECTED).map((steps) =>
  exchange('tcp', ...steps.map(([side, bytes]) => [side === '>' ? 0 : 1, hex(bytes)] as const)),
);
