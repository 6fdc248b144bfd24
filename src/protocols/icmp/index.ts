// ICMP and ICMPv6: transactions with round-trip times, and errors linked to the flow that they are about.
// Fields and notes are those of Packetbeat's icmp protocol; ours stand under `netscribe.icmp`.

import type { Protocol } from '../protocol.ts';
import { IcmpAnalyzer } from './analyzer.ts';
import { type IcmpOptions, options } from './options.ts';
import { icmpRecord } from './record.ts';

export { QuotedTuple, quotedTuple } from './quoted.ts';

export const icmp: Protocol<IcmpOptions> = {
  name: 'icmp',
  doc: 'ICMP and ICMPv6: echo, timestamp and mask requests with their replies, neighbour discovery, errors and the flows they quote',
  ports: [],
  transports: ['icmp', 'icmpv6'],
  options,
  records: [icmpRecord],
  probe: () => 'yes',
  open: (context, chosen) => new IcmpAnalyzer(context, chosen),
};
