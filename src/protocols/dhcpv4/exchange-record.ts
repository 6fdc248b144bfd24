// The document of one DHCPv4 exchange: what a client and its servers said under one transaction id, whatever flows it went through.

import { f } from '../../records/field.ts';
import { defineRecord, type RecordOf } from '../../records/record.ts';
import { clientFields } from './record.ts';

export const dhcpv4ExchangeRecord = defineRecord(
  'dhcpv4_exchange',
  {
    family: 'transaction',
    doc: 'One DHCPv4 exchange as a whole: from DISCOVER (or a renewal, INFORM, RELEASE, …) to ACK or NAK, over all its flows.',
  },
  {
    start: f.time(['@timestamp', 'event.start'], 'time of the first message').alias('time'),
    end: f.time('event.end', 'time of the message that ended it; of the last one when none did'),
    duration: f.duration('event.duration', 'from the first message to that one').alias('duration'),
    eventKind: f.constant('event.kind', 'event'),
    eventCategory: f.constant('event.category', ['network']),
    eventType: f.constant('event.type', ['connection', 'protocol']),
    eventDataset: f.constant(['event.dataset', 'type'], 'dhcpv4_exchange'),
    eventAction: f
      .keyword(
        'event.action',
        'what the client wants: acquire, select, reboot, renew, rebind, inform, release, decline, query, bootp',
      )
      .optional(),
    outcome: f.keyword(
      'netscribe.dhcpv4.exchange.outcome',
      'leased, informed, refused, declined, released, answered; offered or unanswered when it stopped half-way',
    ),
    status: f.keyword('status', 'OK or Error'),
    sourceIp: f
      .ip(['source.ip', 'client.ip'], 'address that the client got; without one the address that it has or asks for')
      .optional()
      .alias('sip', 'src'),
    destinationIp: f.ip(['destination.ip', 'server.ip'], 'server that answered').optional().alias('dip', 'dst'),
    networkType: f.constant('network.type', 'ipv4'),
    transport: f.constant('network.transport', 'udp'),
    protocol: f.constant('network.protocol', 'dhcpv4'),
    networkBytes: f.int('network.bytes', 'bytes of all messages').inUnit('bytes'),
    networkPackets: f.int('network.packets', 'messages').inUnit('packets'),
    vlan: f.keywords('network.vlan.id', 'VLAN ids of the first message, outermost first').optional().single(),
    relatedIp: f.keywords('related.ip', 'addresses of client, servers and relay agent'),
    errorMessage: f.keywords('error.message', 'why the exchange failed or is odd').optional().single(),

    ...clientFields,
    messages: f.keywords(
      'netscribe.dhcpv4.exchange.messages',
      'message types in their order, copies by relay agents left out',
    ),
    retransmissions: f
      .int('netscribe.dhcpv4.exchange.retransmissions', 'messages that came again on the same way')
      .optional(),
    relayed: f
      .int('netscribe.dhcpv4.exchange.relayed', 'copies of messages on the other side of a relay agent')
      .optional(),
    offers: f
      .list('netscribe.dhcpv4.exchange.offers', 'who offered what', {
        server: f.keyword('server', 'server identifier').optional(),
        address: f.keyword('address', 'address offered').optional(),
      })
      .optional(),
    timeToOffer: f
      .duration('netscribe.dhcpv4.exchange.time_to_offer', 'from the first message to the first offer')
      .optional(),
    timeToAnswer: f
      .duration(
        'netscribe.dhcpv4.exchange.time_to_answer',
        'from the last request to the message that ended the exchange',
      )
      .optional(),
    leaseEnd: f.time('netscribe.dhcpv4.exchange.lease_end', 'when the lease runs out unless it is renewed').optional(),
    flows: f.keywords('netscribe.dhcpv4.exchange.flows', 'flow.id of the flows that it went through'),
  },
);

export type Dhcpv4ExchangeRecord = RecordOf<(typeof dhcpv4ExchangeRecord)['fields']>;
