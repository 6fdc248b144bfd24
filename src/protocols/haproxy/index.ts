// The PROXY protocol before any other: the header is passed over, then what follows is recognised by its content. No records of its own;
// those of the connection have the client's address. Over UDP each datagram of the proxy has a header, and answers have none.

import { z } from 'zod';
import type { Direction, Protocol, Transport } from '../protocol.ts';
import { ProxyHeaderAnalyzer } from './analyzer.ts';
import { BAD, datagramHeaderLength, headerLength, MORE } from './header.ts';

const options = z.strictObject({
  enabled: z.boolean().default(true).describe('look behind the header of the PROXY protocol'),
});

function probe(
  direction: Direction,
  bytes: Uint8Array,
  from: number,
  to: number,
  _hinted: boolean,
  transport: Transport,
): 'yes' | 'no' | 'more' {
  if (transport === 'udp') return datagramHeaderLength(bytes, from, to) > 0 ? 'yes' : 'no';
  if (direction !== 0) return 'no';
  const length = headerLength(bytes, from, to);
  return length === BAD ? 'no' : length === MORE ? 'more' : 'yes';
}

export const haproxy: Protocol<z.infer<typeof options>> = {
  name: 'haproxy',
  doc: 'PROXY protocol 1 and 2, as load balancers put it before a connection or a datagram: what follows is recognised by its content',
  ports: [],
  transports: ['tcp', 'udp'],
  options,
  records: [],
  probe,
  open: (context) => new ProxyHeaderAnalyzer(context),
};
