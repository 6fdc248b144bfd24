// Groups of fields that the records of both versions of DHCP have, of messages and of exchanges.

import { ingress } from '../../records/common.ts';
import { f } from '../../records/field.ts';

/** Who sent the message to whom: source and destination as in IP, client and server by the parts that DHCP gives them. */
export const messageEnds = (clientSide: string, serverSide: string) => ({
  sourceIp: f.ip('source.ip', 'address of the sender').alias('sip', 'src').ofFlow('source'),
  sourcePort: f.int('source.port', 'port of the sender').optional().alias('sport').ofFlow('sourcePortIfAny'),
  sourceMac: f.keyword('source.mac', 'MAC address of the sender').optional().ofFlow('sourceMac'),
  destinationIp: f.ip('destination.ip', 'address that the message goes to').alias('dip', 'dst').ofFlow('destination'),
  destinationPort: f
    .int('destination.port', 'port that it goes to')
    .optional()
    .alias('dport', 'port')
    .ofFlow('destinationPortIfAny'),
  sourceBytes: f.int('source.bytes', 'bytes of the message').inUnit('bytes'),
  networkBytes: f.int('network.bytes', 'the same').inUnit('bytes'),
  clientIp: f.ip('client.ip', clientSide),
  clientPort: f.int('client.port', 'its port'),
  clientBytes: f.int('client.bytes', 'bytes of a request').optional().inUnit('bytes'),
  serverIp: f.ip('server.ip', serverSide),
  serverPort: f.int('server.port', 'its port'),
  serverBytes: f.int('server.bytes', 'bytes of a reply').optional().inUnit('bytes'),
  relatedIp: f.keywords('related.ip', 'all addresses').derived(),
  ...ingress,
});

/** `dataset`: `dhcpv4_exchange`. */
export const exchangeStart = (dataset: string) => ({
  start: f.time(['@timestamp', 'event.start'], 'time of the first message').alias('time'),
  end: f.time('event.end', 'time of the message that ended it; of the last one when none did'),
  duration: f.duration('event.duration', 'from the first message to that one').alias('duration'),
  eventKind: f.constant('event.kind', 'event'),
  eventCategory: f.constant('event.category', ['network']),
  eventType: f.constant('event.type', ['connection', 'protocol']),
  eventDataset: f.constant(['event.dataset', 'type'], dataset),
});

/** `actions`, `outcomes`: what they may be. */
export const exchangeResult = (protocol: string, actions: string, outcomes: string) => ({
  eventAction: f.keyword('event.action', `what the client wants: ${actions}`).optional(),
  outcome: f.keyword(`netscribe.${protocol}.exchange.outcome`, outcomes),
  status: f.keyword('status', 'OK or Error'),
});

export const exchangeNetwork = (type: 'ipv4' | 'ipv6', protocol: string, related: string) => ({
  networkType: f.constant('network.type', type),
  transport: f.constant('network.transport', 'udp'),
  protocol: f.constant('network.protocol', protocol),
  networkBytes: f.int('network.bytes', 'bytes of all messages').inUnit('bytes'),
  networkPackets: f.int('network.packets', 'messages').inUnit('packets'),
  vlan: f.keywords('network.vlan.id', 'VLAN ids of the first message, outermost first').optional().single(),
  relatedIp: f.keywords('related.ip', related),
  errorMessage: f.keywords('error.message', 'why the exchange failed or is odd').optional().single(),
});

export const exchangeMessages = (protocol: string) => ({
  messages: f.keywords(
    `netscribe.${protocol}.exchange.messages`,
    'message types in their order, copies by relay agents left out',
  ),
  retransmissions: f
    .int(`netscribe.${protocol}.exchange.retransmissions`, 'messages that came again on the same way')
    .optional(),
  relayed: f
    .int(`netscribe.${protocol}.exchange.relayed`, 'copies of messages on the other side of a relay agent')
    .optional(),
});

export const exchangeEnd = (protocol: string, leaseEnd: string) => ({
  timeToAnswer: f
    .duration(
      `netscribe.${protocol}.exchange.time_to_answer`,
      'from the last request to the message that ended the exchange',
    )
    .optional(),
  leaseEnd: f.time(`netscribe.${protocol}.exchange.lease_end`, leaseEnd).optional(),
  flows: f.keywords(`netscribe.${protocol}.exchange.flows`, 'flow.id of the flows that it went through'),
});
