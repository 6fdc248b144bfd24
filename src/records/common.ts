// Groups of fields that many record types share. They are plain objects: a declaration spreads them into its own fields.

import { VERSION } from '../version.ts';
import { f } from './field.ts';
import { placeOf } from './place.ts';
import { processOf } from './process.ts';
import { transportName } from './transports.ts';

/** Version of ECS whose names and types the documents follow. */
export const ECS_VERSION = '8.17.0';

export const program = (version: string) => ({
  agentType: f.constant('agent.type', 'netscribe'),
  agentVersion: f.constant('agent.version', version),
  ecsVersion: f.constant('ecs.version', ECS_VERSION),
});

/** Where the flow was captured. */
export const ingress = {
  ingressInterface: f
    .keyword('observer.ingress.interface.name', "capturing interface of the flow's first packet, where it has a name")
    .optional()
    .alias('iface')
    .ofFlow('interfaceName'),
};

/** Who talked to whom: taken from the flow, the same for all its records. */
export const endpoints = {
  sourceIp: f.ip(['source.ip', 'client.ip'], 'address of who began').alias('sip', 'src').ofFlow('source'),
  sourcePort: f
    .int(['source.port', 'client.port'], 'port of who began')
    .optional()
    .alias('sport')
    .ofFlow('sourcePortIfAny'),
  sourceMac: f.keyword('source.mac', 'MAC address of who began').optional().ofFlow('sourceMac'),
  destinationIp: f
    .ip(['destination.ip', 'server.ip'], 'address of who answered')
    .alias('dip', 'dst')
    .ofFlow('destination'),
  destinationPort: f
    .int(['destination.port', 'server.port'], 'port of who answered')
    .optional()
    .alias('dport', 'port')
    .ofFlow('destinationPortIfAny'),
  destinationMac: f.keyword('destination.mac', 'MAC address of who answered').optional().ofFlow('destinationMac'),
  networkType: f.keyword('network.type', 'ipv4 or ipv6').ofFlow('type'),
  transport: f
    .keyword('network.transport', 'tcp, udp, icmp, …')
    .alias('proto')
    .numbered(transportName)
    .ofFlow('transport'),
  communityId: f
    .keyword('network.community_id', 'Community ID v1, seed 0')
    .derived()
    .ofFlow('communityId', 'writeCommunityId'),
  direction: f
    .keyword(
      'network.direction',
      'ingress or egress of the machine that captures; else internal, inbound, outbound or external, by the internal networks that were told; else unknown',
    )
    .ofFlow('direction'),
  flowId: f.keyword('flow.id', 'stable identity of the flow: the same in all its documents').ofFlow('id', 'writeId'),
  vlan: f.keywords('network.vlan.id', 'VLAN ids, outermost first').optional().single().ofFlow('vlan'),
  relatedIp: f.keywords('related.ip', 'all addresses').derived().ofFlow('relatedIp'),
  ...ingress,
  ...placeOf('source', 'client', 'who began'),
  ...placeOf('destination', 'server', 'who answered'),
  ...processOf('sourceProcess', ['source.process', 'client.process'], 'who began'),
  ...processOf('destinationProcess', ['destination.process', 'server.process'], 'who answered'),
  ...processOf('process', ['process'], 'who answered, else of who began'),
};

/** For what may come through a proxy that says for whom. */
export const forwarded = {
  forwardedIp: f
    .keyword('network.forwarded_ip', 'address of the real client, from the header of the PROXY protocol')
    .optional()
    .ofFlow('forwardedIp'),
};

/**
 * What every transaction document has. `dataset` is the record type's name. A protocol adds its own fields, and may add
 * `method`, `resource`, `path`, `request`, `response` where it has them.
 */
export const transaction = (dataset: string, eventType: readonly string[] = ['connection', 'protocol']) => ({
  ...program(VERSION),
  start: f
    .time(
      ['@timestamp', 'event.start'],
      'time of the first packet of the request (of the response when there is no request)',
    )
    .alias('time'),
  end: f.time('event.end', 'time of the last packet of the response').optional(),
  duration: f.duration('event.duration', 'from the request to the response').optional().alias('duration'),
  eventKind: f.constant('event.kind', 'event'),
  eventCategory: f.constant('event.category', ['network']),
  eventType: f.constant('event.type', eventType),
  eventDataset: f.constant(['event.dataset', 'type'], dataset),
  status: f.keyword('status', 'OK or Error'),
  ...endpoints,
  sourceBytes: f
    .int(['source.bytes', 'client.bytes'], 'bytes of the request as the application sent it')
    .optional()
    .inUnit('bytes'),
  destinationBytes: f.int(['destination.bytes', 'server.bytes'], 'bytes of the response').optional().inUnit('bytes'),
  networkBytes: f.int('network.bytes', 'bytes of request and response').optional().inUnit('bytes').derived(),
  errorMessage: f.keywords('error.message', 'why the transaction is odd').optional().single(),
  isDisputed: f
    .bool(
      'netscribe.ambiguous',
      'true when, while it went on, bytes of its TCP connection came again with other contents: readers may differ in what was said',
    )
    .optional()
    .ofFlow('isDisputed'),
});
