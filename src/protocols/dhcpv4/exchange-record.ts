// The document of one DHCPv4 exchange: what a client and its servers said under one transaction id, whatever flows it went through.

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

export const dhcpv4ExchangeRecord = defineRecord(
  'dhcpv4_exchange',
  {
    family: 'transaction',
    doc: 'One DHCPv4 exchange as a whole: from DISCOVER (or a renewal, INFORM, RELEASE, …) to ACK or NAK, over all its flows.',
  },
  {
    ...exchangeStart('dhcpv4_exchange'),
    ...exchangeResult(
      'dhcpv4',
      'acquire, select, reboot, renew, rebind, inform, release, decline, query, bootp',
      'leased, informed, refused, declined, released, answered; offered or unanswered when it stopped half-way',
    ),
    sourceIp: f
      .ip(['source.ip', 'client.ip'], 'address that the client got; without one the address that it has or asks for')
      .optional()
      .alias('sip', 'src'),
    destinationIp: f.ip(['destination.ip', 'server.ip'], 'server that answered').optional().alias('dip', 'dst'),
    ...exchangeNetwork('ipv4', 'dhcpv4', 'addresses of client, servers and relay agent'),

    ...clientFields,
    ...exchangeMessages('dhcpv4'),
    offers: f
      .list('netscribe.dhcpv4.exchange.offers', 'who offered what', {
        server: f.keyword('server', 'server identifier').optional(),
        address: f.keyword('address', 'address offered').optional(),
      })
      .optional(),
    timeToOffer: f
      .duration('netscribe.dhcpv4.exchange.time_to_offer', 'from the first message to the first offer')
      .optional(),
    ...exchangeEnd('dhcpv4', 'when the lease runs out unless it is renewed'),
  },
);

export type Dhcpv4ExchangeRecord = RecordOf<(typeof dhcpv4ExchangeRecord)['fields']>;
