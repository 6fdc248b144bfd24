// The document of one DHCPv6 exchange: what a client and its servers said, whatever flows and relay agents it went through.

import { f } from '../../records/field.ts';
import { defineRecord, type RecordOf } from '../../records/record.ts';
import { clientFields } from './record.ts';

export const dhcpv6ExchangeRecord = defineRecord(
  'dhcpv6_exchange',
  {
    family: 'transaction',
    doc: 'One DHCPv6 exchange as a whole: from SOLICIT (or RENEW, INFORMATION-REQUEST, …) to REPLY, over all its flows.',
  },
  {
    start: f.time(['@timestamp', 'event.start'], 'time of the first message').alias('time'),
    end: f.time('event.end', 'time of the message that ended it; of the last one when none did'),
    duration: f.duration('event.duration', 'from the first message to that one').alias('duration'),
    eventKind: f.constant('event.kind', 'event'),
    eventCategory: f.constant('event.category', ['network']),
    eventType: f.constant('event.type', ['connection', 'protocol']),
    eventDataset: f.constant(['event.dataset', 'type'], 'dhcpv6_exchange'),
    eventAction: f
      .keyword(
        'event.action',
        'what the client wants: solicit, request, confirm, renew, rebind, release, decline, information-request, …',
      )
      .optional(),
    outcome: f.keyword(
      'netscribe.dhcpv6.exchange.outcome',
      'leased, informed, refused, confirmed, released, declined, answered; advertised or unanswered when it stopped half-way',
    ),
    status: f.keyword('status', 'OK or Error'),
    sourceIp: f.ip(['source.ip', 'client.ip'], 'address that the client speaks from').optional().alias('sip', 'src'),
    destinationIp: f
      .ip(['destination.ip', 'server.ip'], 'server that answered, when no relay agent hides it')
      .optional()
      .alias('dip', 'dst'),
    networkType: f.constant('network.type', 'ipv6'),
    transport: f.constant('network.transport', 'udp'),
    protocol: f.constant('network.protocol', 'dhcpv6'),
    networkBytes: f.int('network.bytes', 'bytes of all messages').inUnit('bytes'),
    networkPackets: f.int('network.packets', 'messages').inUnit('packets'),
    vlan: f.keywords('network.vlan.id', 'VLAN ids of the first message, outermost first').optional().single(),
    relatedIp: f.keywords('related.ip', 'addresses of client, server, relay agents, and those that were given'),
    errorMessage: f.keywords('error.message', 'why the exchange failed or is odd').optional().single(),

    transactionIds: f
      .keywords('dhcpv6.transaction_id', 'numbers of its requests: SOLICIT and REQUEST have one each')
      .single(),
    ...clientFields,
    assignedIp: f.ip('dhcpv6.assigned_ip', 'first address that the client got').optional(),
    relayLinks: f.keywords('netscribe.dhcpv6.exchange.relay_links', 'link addresses of the relay agents').optional(),
    messages: f.keywords(
      'netscribe.dhcpv6.exchange.messages',
      'message types in their order, copies by relay agents left out',
    ),
    retransmissions: f
      .int('netscribe.dhcpv6.exchange.retransmissions', 'messages that came again on the same way')
      .optional(),
    relayed: f
      .int('netscribe.dhcpv6.exchange.relayed', 'copies of messages on the other side of a relay agent')
      .optional(),
    servers: f.keywords('netscribe.dhcpv6.exchange.servers', 'DUIDs of the servers that answered').optional(),
    timeToAnswer: f
      .duration(
        'netscribe.dhcpv6.exchange.time_to_answer',
        'from the last request to the message that ended the exchange',
      )
      .optional(),
    leaseEnd: f
      .time('netscribe.dhcpv6.exchange.lease_end', 'when the first of the leases runs out unless it is renewed')
      .optional(),
    flows: f.keywords('netscribe.dhcpv6.exchange.flows', 'flow.id of the flows that it went through'),
  },
);

export type Dhcpv6ExchangeRecord = RecordOf<(typeof dhcpv6ExchangeRecord)['fields']>;
