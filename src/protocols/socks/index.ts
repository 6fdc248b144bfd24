// SOCKS 4, 4A and 5: followed up to the connection, then what is carried is recognised by its content. No records of its own.

import { z } from 'zod';
import { portsOption } from '../common-options.ts';
import type { Direction, Protocol } from '../protocol.ts';
import { SocksAnalyzer } from './analyzer.ts';
import { BAD, greeting5, MORE, request4, VERSION_4, VERSION_5 } from './messages.ts';

const PORTS = [1080] as const;

const options = z.strictObject({
  enabled: z.boolean().default(true).describe('look behind SOCKS'),
  ports: portsOption(PORTS).describe('ports where SOCKS is tried first; it is recognised by content on all others'),
});

/** The client's first message, alone in what was sent so far: its answer has to come before anything else. */
function probe(direction: Direction, bytes: Uint8Array, from: number, to: number): 'yes' | 'no' | 'more' {
  if (direction !== 0 || from === to) return 'no';
  const version = bytes[from];
  if (version !== VERSION_4 && version !== VERSION_5) return 'no';
  const length = version === VERSION_4 ? request4(bytes, from, to) : greeting5(bytes, from, to);
  if (length === BAD || (length !== MORE && length !== to - from)) return 'no';
  return length === MORE ? 'more' : 'yes';
}

export const socks: Protocol<z.infer<typeof options>> = {
  name: 'socks',
  doc: 'SOCKS 4, 4A and 5: what they carry is recognised by its content',
  ports: PORTS,
  transports: ['tcp'],
  options,
  records: [],
  probe,
  open: (context) => new SocksAnalyzer(context),
};
