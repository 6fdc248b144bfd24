// The document of one DHCPv6 exchange: what a client and its servers said, whatever flows and relay agents it went through.

import { f } from '../../records/field.ts';
import { defineRecord, type RecordOf } from '../../records/record.ts';
import {
  exchangeEnd,
  exchangeMessages,
  exchangeNetwork,
  exchangeResult,
  exchangeStart,
} from '../dhcp-exchange/fields.ts';
import { clientFields } from './record.ts';

export const dhcpv6ExchangeRecord = defineRecord(
  'dhcpv6_exchange',
  {
    family: 'transaction',
    doc: 'One DHCPv6 exchange as a whole: from SOLICIT (or RENEW, INFORMATION-REQUEST, …) to REPLY, over all its flows.',
  },
  {
    ...exchangeStart('dhcpv6_exchange'),
    ...exchangeResult(
      'dhcpv6',
      'solicit, request, confirm, renew, rebind, release, decline, information-request, …',
      'leased, informed, refused, confirmed, released, declined, answered; advertised or unanswered when it stopped half-way',
    ),
    sourceIp: f.ip(['source.ip', 'client.ip'], 'address that the client speaks from').optional().alias('sip', 'src'),
    destinationIp: f
      .ip(['destination.ip', 'server.ip'], 'server that answered, when no relay agent hides it')
      .optional()
      .alias('dip', 'dst'),
    ...exchangeNetwork('ipv6', 'dhcpv6', 'addresses of client, server, relay agents, and those that were given'),

    transactionIds: f
      .keywords('dhcpv6.transaction_id', 'numbers of its requests: SOLICIT and REQUEST have one each')
      .single(),
    ...clientFields,
    assignedIp: f.ip('dhcpv6.assigned_ip', 'first address that the client got').optional(),
    relayLinks: f.keywords('netscribe.dhcpv6.exchange.relay_links', 'link addresses of the relay agents').optional(),
    ...exchangeMessages('dhcpv6'),
    servers: f.keywords('netscribe.dhcpv6.exchange.servers', 'DUIDs of the servers that answered').optional(),
    ...exchangeEnd('dhcpv6', 'when the first of the leases runs out unless it is renewed'),
  },
);

export type Dhcpv6ExchangeRecord = RecordOf<(typeof dhcpv6ExchangeRecord)['fields']>;
