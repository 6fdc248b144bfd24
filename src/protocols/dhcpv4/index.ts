// DHCPv4 and BOOTP: every message, and exchanges as a whole.
//
//   probe.ts     is it DHCP?                        record.ts           the message's document
//   message.ts   bytes → offsets                    exchange-record.ts  the exchange's document
//   values.ts, plain-options.ts, codes.ts, …  options → values          document.ts, analyzer.ts  messages → documents
//   exchange.ts, gatherer.ts  messages of several flows → exchanges; what both versions of DHCP share of it is in ../dhcp-exchange/

import type { Protocol } from '../protocol.ts';
import { Dhcpv4Analyzer } from './analyzer.ts';
import { dhcpv4ExchangeRecord } from './exchange-record.ts';
import { gatherDhcpv4 } from './gatherer.ts';
import { type Dhcpv4Options, options, PORT_CLIENT, PORT_SERVER } from './options.ts';
import { probe } from './probe.ts';
import { dhcpv4Record } from './record.ts';

export const dhcpv4: Protocol<Dhcpv4Options> = {
  name: 'dhcpv4',
  doc: 'DHCP and BOOTP over IPv4: every message with its options, and whole exchanges from DISCOVER to ACK with lease and relay agent.',
  ports: [PORT_SERVER, PORT_CLIENT],
  transports: ['udp'],
  options,
  records: [dhcpv4Record, dhcpv4ExchangeRecord],
  probe: (_direction, bytes, from, to, hinted) => probe(bytes, from, to, hinted),
  open: (context, chosen) => new Dhcpv4Analyzer(context, chosen),
  gather: gatherDhcpv4,
};
