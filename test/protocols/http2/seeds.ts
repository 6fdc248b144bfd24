// The preface of HTTP/2 with prior knowledge and a SETTINGS frame, for fuzzing to start from.

import { type Exchange, exchange } from '../../fuzz/kit/exchange.ts';

export const seeds: readonly Exchange[] = [
  exchange('tcp', [0, Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1')]),
];
