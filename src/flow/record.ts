// The flow record: what passed between two endpoints since the flow's previous document.

import { endpoints, program } from '../records/common.ts';
import { f } from '../records/field.ts';
import { defineRecord, type RecordOf } from '../records/record.ts';
import { VERSION } from '../version.ts';

/** How sure we are who began: `certain` saw the first SYN, `likely` went by ports or message types, `guess` by the first packet. */
export const CONFIDENCE = ['guess', 'likely', 'certain'] as const;

/** TCP connection states as far as a bystander can tell, and `none` for other protocols. */
export const TCP_STATES = [
  'none',
  'syn_sent',
  'syn_received',
  'established',
  'closing',
  'closed',
  'reset',
  'rejected',
  'partial',
] as const;

/** Why a document is the last of its flow; `interval` when it is not. */
export const FLOW_END = ['interval', 'fin', 'rst', 'timeout', 'evicted', 'reused', 'end-of-input', 'epoch'] as const;

/** Headers of a TCP segment over IPv4 and Ethernet, without options: a payload is close to what they leave of its frames. */
const FRAME_BYTES = 54;

export const flowRecord = defineRecord(
  'flow',
  { family: 'flow', doc: 'what passed between two endpoints since the previous document of the same flow' },
  {
    ...program(VERSION),
    end: f.time(['@timestamp', 'event.end'], 'time of the last packet').alias('time'),
    start: f.time('event.start', 'time of the first packet of the flow'),
    duration: f
      .duration('event.duration', 'from the first to the last packet')
      .alias('duration')
      .computedFrom('start', 'end'),
    eventKind: f.constant('event.kind', 'event'),
    eventCategory: f.constant('event.category', ['network']),
    eventAction: f.constant('event.action', 'network_flow'),
    eventDataset: f.constant(['event.dataset', 'type'], 'flow'),
    eventType: f.keywords('event.type', 'connection, and end on the last document').derived(),
    ...endpoints,
    flowId: endpoints.flowId.computedFrom('sourceIp', 'sourcePort', 'destinationIp', 'destinationPort', 'firstPacket'),
    final: f.bool('flow.final', 'the last document of this flow'),
    reason: f.keyword(
      'netscribe.flow.reason',
      'why this document was written: interval, fin, rst, timeout, evicted, reused, end-of-input, epoch',
    ),
    firstPacket: f.int('netscribe.flow.first_packet', 'number of the first packet in the input'),
    confidence: f.keyword('netscribe.flow.initiator', 'how sure the initiator is: certain, likely, guess'),
    sourcePackets: f.int('source.packets', 'packets sent by the initiator').inUnit('packets'),
    sourceBytes: f.int('source.bytes', 'bytes sent by the initiator, whole frames as on the wire').inUnit('bytes'),
    destinationPackets: f.int('destination.packets', 'packets sent by the responder').inUnit('packets'),
    destinationBytes: f.int('destination.bytes', 'bytes sent by the responder, whole frames').inUnit('bytes'),
    networkPackets: f.int('network.packets', 'packets both ways').inUnit('packets').derived(),
    networkBytes: f.int('network.bytes', 'bytes both ways').inUnit('bytes').derived(),
    sourcePayload: f
      .int('netscribe.source.payload_bytes', 'bytes behind the transport header, sent by the initiator')
      .inUnit('bytes')
      .closeTo({ sourceBytes: 1, sourcePackets: -FRAME_BYTES }),
    destinationPayload: f
      .int('netscribe.destination.payload_bytes', 'the same of the responder')
      .inUnit('bytes')
      .closeTo({ destinationBytes: 1, destinationPackets: -FRAME_BYTES }),
    networkProtocol: f.keyword('network.protocol', 'application protocol, when it was recognised').optional(),
    sourceTtlMin: f.int('netscribe.source.ttl.min', 'lowest TTL or hop limit sent by the initiator').optional(),
    sourceTtlMax: f.int('netscribe.source.ttl.max', 'highest').optional().closeTo({ sourceTtlMin: 1 }),
    destinationTtlMin: f
      .int('netscribe.destination.ttl.min', 'lowest TTL or hop limit sent by the responder')
      .optional(),
    destinationTtlMax: f.int('netscribe.destination.ttl.max', 'highest').optional().closeTo({ destinationTtlMin: 1 }),
    sourceDscp: f.int('netscribe.source.dscp', "DSCP of the initiator's last packet").optional(),
    destinationDscp: f.int('netscribe.destination.dscp', "DSCP of the responder's last packet").optional(),
    tcpState: f
      .keyword('netscribe.tcp.state', 'syn_sent, syn_received, established, closing, closed, reset, rejected, partial')
      .optional(),
    tcpEvents: f
      .keywords('netscribe.tcp.events', 'what was noticed of the connection, by the names in docs/evasion.md')
      .optional(),
    sourceTcpFlags: f
      .keyword('netscribe.source.tcp_flags', 'all TCP flags that the initiator set, as letters FSRPAUEC')
      .optional(),
    destinationTcpFlags: f.keyword('netscribe.destination.tcp_flags', 'the same of the responder').optional(),
    handshakeRtt: f
      .duration('netscribe.tcp.handshake_rtt', 'from the SYN to the ACK that completes the handshake')
      .optional()
      .closeTo({ serverRtt: 1 }),
    serverRtt: f
      .duration('netscribe.tcp.server_rtt', 'from the SYN to the SYN-ACK: the way to the responder and back')
      .optional(),
    sourceRetransmits: f
      .int('netscribe.source.retransmissions', 'segments of the initiator that were sent before')
      .optional(),
    destinationRetransmits: f.int('netscribe.destination.retransmissions', 'the same of the responder').optional(),
    sourceGaps: f.int('netscribe.source.gaps', 'times that a segment of the initiator came behind a hole').optional(),
    destinationGaps: f.int('netscribe.destination.gaps', 'the same of the responder').optional(),
    sourceZeroWindows: f
      .int('netscribe.source.zero_windows', 'segments of the initiator that announced a window of zero')
      .optional(),
    destinationZeroWindows: f.int('netscribe.destination.zero_windows', 'the same of the responder').optional(),
    icmpErrors: f.int('netscribe.flow.icmp_errors', 'ICMP errors that quote a packet of this flow').optional(),
    tunnel: f
      .list('netscribe.tunnel', 'tunnels around the flow, outermost first', {
        type: f.keyword('type', 'vxlan, gre, ip-in-ip, …'),
        source: f.keyword('source.ip', "outer address of the first packet's sender"),
        destination: f.keyword('destination.ip', 'outer address of its receiver'),
        id: f.int('id', 'VNI, VSID, key or TEID').optional(),
      })
      .optional(),
  },
);
export type FlowRecord = RecordOf<typeof flowRecord.fields>;
