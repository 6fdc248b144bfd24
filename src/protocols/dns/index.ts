// DNS over UDP and TCP, multicast DNS, LLMNR.
//
//   probe.ts     is it DNS?                       record.ts    the document
//   message.ts   bytes → offsets                  document.ts  messages → document
//   names.ts, rdata.ts, edns.ts, codes.ts  offsets → text
//   analyzer.ts, stream.ts, pending.ts, transfer.ts  messages → transactions

import type { Protocol } from '../protocol.ts';
import { DnsAnalyzer } from './analyzer.ts';
import { type DnsOptions, options, PORT_DNS, PORT_LLMNR, PORT_MDNS } from './options.ts';
import { probe } from './probe.ts';
import { dnsRecord } from './record.ts';
import { DnsStreamAnalyzer } from './stream.ts';

export const dns: Protocol<DnsOptions> = {
  name: 'dns',
  doc: 'Domain Name System: queries paired with their responses, over UDP and TCP; multicast DNS and LLMNR.',
  ports: [PORT_DNS, PORT_MDNS, PORT_LLMNR],
  transports: ['udp', 'tcp'],
  options,
  records: [dnsRecord],
  probe: (_direction, bytes, from, to, hinted, transport) => probe(bytes, from, to, hinted, transport),
  open: (context, chosen) =>
    context.flow.transport === 'tcp' ? new DnsStreamAnalyzer(context, chosen) : new DnsAnalyzer(context, chosen),
};
