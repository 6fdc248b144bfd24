// DHCPv6: every message with the relay agents around it, and exchanges as a whole.
//
//   probe.ts    is it DHCPv6?                           record.ts           the message's document
//   message.ts, option-list.ts  bytes → offsets         exchange-record.ts  the exchange's document
//   values.ts, associations.ts, duid.ts, codes.ts  options → values         document.ts, analyzer.ts  messages → documents
//   exchange.ts, gatherer.ts  messages of several flows → exchanges; shared with DHCPv4: ../dhcp-exchange/

import type { Protocol } from '../protocol.ts';
import { Dhcpv6Analyzer } from './analyzer.ts';
import { dhcpv6ExchangeRecord } from './exchange-record.ts';
import { gatherDhcpv6 } from './gatherer.ts';
import { type Dhcpv6Options, options, PORT_CLIENT, PORT_SERVER } from './options.ts';
import { probe } from './probe.ts';
import { dhcpv6Record } from './record.ts';

export const dhcpv6: Protocol<Dhcpv6Options> = {
  name: 'dhcpv6',
  doc: 'DHCP over IPv6: every message with its options and relay agents, and whole exchanges from SOLICIT to REPLY with what was leased.',
  ports: [PORT_CLIENT, PORT_SERVER],
  transports: ['udp'],
  options,
  records: [dhcpv6Record, dhcpv6ExchangeRecord],
  probe: (_direction, bytes, from, to, hinted) => probe(bytes, from, to, hinted),
  open: (context, chosen) => new Dhcpv6Analyzer(context, chosen),
  gather: gatherDhcpv6,
};
