// The records of TCP events: ours in ECS, and the same changes of state in tcp-audit's words for who has queries and dashboards on them.

import { program } from '../records/common.ts';
import { f } from '../records/field.ts';
import { defineRecord, type RecordOf } from '../records/record.ts';
import { transportName } from '../records/transports.ts';
import { VERSION } from '../version.ts';

export const tcpStateRecord = defineRecord(
  'tcp-state',
  {
    family: 'tcp-state',
    doc: 'what happened to a TCP socket of this machine: a change of state, a connection made, accepted, failed or closed (with its summary), a reset, a retransmission, an error',
  },
  {
    ...program(VERSION),
    time: f.time('@timestamp', 'time in the kernel').alias('time'),
    eventKind: f.constant('event.kind', 'event'),
    eventCategory: f.constant('event.category', ['network']),
    eventDataset: f.constant(['event.dataset', 'type'], 'tcp-state'),
    eventType: f.keywords('event.type', 'connection, with start, end or info').derived().ofFlow('eventType'),
    kind: f
      .keyword(
        ['event.action', 'netscribe.tcp.kind'],
        'state, connect, accept, close, fail, reset-sent, reset-received, retransmit, synack-retransmit, error, snapshot (there when we began), drops, lost',
      )
      .alias('kind')
      .ofFlow('kind'),
    sequence: f.int('event.sequence', 'number of the record in this run').ofFlow('sequence'),
    outcome: f.keyword('event.outcome', 'success or failure').optional().ofFlow('outcome'),
    reason: f
      .keyword('event.reason', 'why a reset was sent; how a connection ended: closed, aborted, reset, timeout, error')
      .optional()
      .ofFlow('reason'),
    duration: f
      .duration('event.duration', 'life of the connection (close), of the attempt (connect, accept, fail)')
      .optional()
      .alias('duration')
      .ofFlow('duration'),

    sourceIp: f
      .ip(['source.ip', 'client.ip'], 'address of who connected')
      .optional()
      .alias('sip', 'src')
      .ofFlow('source'),
    sourcePort: f.int(['source.port', 'client.port'], 'its port').optional().alias('sport').ofFlow('sourcePort'),
    destinationIp: f
      .ip(['destination.ip', 'server.ip'], 'address of who accepts, or listens')
      .optional()
      .alias('dip', 'dst')
      .ofFlow('destination'),
    destinationPort: f
      .int(['destination.port', 'server.port'], 'its port')
      .optional()
      .alias('dport', 'port')
      .ofFlow('destinationPort'),
    networkType: f.keyword('network.type', 'ipv4 or ipv6').optional().ofFlow('type'),
    transport: f.keyword('network.transport', 'tcp').alias('proto').numbered(transportName).ofFlow('transport'),
    communityId: f
      .keyword('network.community_id', 'Community ID v1, seed 0: the same as in flows and transactions')
      .optional()
      .derived()
      .ofFlow('communityId'),
    direction: f
      .keyword('network.direction', 'egress: this machine connected; ingress: it accepted; unknown')
      .ofFlow('direction'),
    relatedIp: f.keywords('related.ip', 'all addresses').optional().derived().ofFlow('relatedIp'),

    socket: f
      .text('netscribe.tcp.id', 'the socket: boot and socket cookie, the same in all records of one socket')
      .optional()
      .ofFlow('socketId'),
    protocol: f.keyword('netscribe.tcp.protocol', 'tcp, or mptcp for the connection above its subflows'),
    role: f.keyword('netscribe.tcp.role', 'what this machine is: client, server or unknown'),
    oldState: f.keyword('netscribe.tcp.old_state', 'state before').optional().alias('old_state').ofFlow('oldState'),
    newState: f
      .keyword('netscribe.tcp.new_state', 'state after; the state it was in')
      .optional()
      .alias('new_state')
      .ofFlow('newState'),
    stateNs: f.duration('netscribe.tcp.state_duration', 'time in the old state').optional(),
    sourceBytes: f
      .int(['source.bytes', 'client.bytes'], 'payload bytes from who connected; repeated ones count once')
      .optional()
      .inUnit('bytes')
      .ofFlow('sourceBytes'),
    destinationBytes: f
      .int(['destination.bytes', 'server.bytes'], 'payload bytes of the other side')
      .optional()
      .inUnit('bytes')
      .ofFlow('destinationBytes'),
    sourceSegments: f
      .int(['source.packets', 'client.packets'], 'segments from who connected')
      .optional()
      .inUnit('packets')
      .ofFlow('sourceSegments'),
    destinationSegments: f
      .int(['destination.packets', 'server.packets'], 'segments of the other side')
      .optional()
      .inUnit('packets')
      .ofFlow('destinationSegments'),
    rttNs: f.duration('netscribe.tcp.rtt', 'smoothed round-trip time').optional(),
    minRttNs: f.duration('netscribe.tcp.min_rtt', 'shortest round-trip time lately').optional(),
    retransmissions: f.int('netscribe.tcp.retransmissions', 'segments that this machine sent again').optional(),
    error: f.keyword('error.code', 'error of the socket, such as ECONNREFUSED').optional().ofFlow('error'),

    pid: f.int('process.pid', 'process that owns the socket').optional().alias('pid'),
    command: f.keyword('process.name', 'its command as the kernel knows it').optional().alias('process'),
    attribution: f.keyword(
      'netscribe.tcp.attribution',
      'how the owner is known: connect, listen, close (it made the call), descriptor (it had the socket open), on-cpu (a guess), none',
    ),
    uid: f.keyword('user.id', 'user that owns the socket').optional().ofFlow('userId'),
    cpuPid: f
      .int('netscribe.tcp.on_cpu.pid', 'process that was on the CPU, which need not have to do with it')
      .optional(),
    cpuCommand: f.keyword('netscribe.tcp.on_cpu.name', 'its command').optional(),
    containerId: f.keyword('container.id', 'container, as the cgroup names it').optional().ofFlow('container'),
    cgroupPath: f.keyword('netscribe.cgroup.path', 'cgroup of the socket').optional().ofFlow('cgroupPath'),
    cgroup: f.int('netscribe.cgroup.id', 'its inode number').optional(),
    netns: f.int('netscribe.netns', 'inode number of the network namespace').optional(),
    interfaceIndex: f.int('netscribe.tcp.interface', 'index of the interface the socket is bound to').optional(),
    mark: f.int('netscribe.tcp.mark', 'firewall mark of the socket').optional(),

    count: f
      .int('netscribe.tcp.count', 'events lost (lost), segments dropped (drops) since the previous such record')
      .optional(),
    drops: f.map('netscribe.tcp.drops', "dropped segments by the kernel's reason").optional(),
  },
);
/** What sources tell is such a record (`event.ts`). */
export type TcpStateRecord = RecordOf<typeof tcpStateRecord.fields>;

/** tcp-audit 0.x: the event and its socket, spelled and structured as its PostgreSQL tables. */
export const tcpAuditRecord = defineRecord(
  'tcp-audit',
  { family: 'tcp-state', doc: "a change of state of a TCP socket in tcp-audit's words" },
  {
    time: f.time('timestamp', 'time in the kernel').alias('time'),
    uid: f.text('uid', 'identity of the event'),
    pidOnCpu: f.int('pid_on_cpu', 'process that was on the CPU').optional(),
    commandOnCpu: f.keyword('comm_on_cpu', 'its command').optional(),
    sourceIp: f.ip('src_ip', 'local address'),
    sourcePort: f.int('src_port', 'local port'),
    destinationIp: f.ip('dst_ip', 'remote address'),
    destinationPort: f.int('dst_port', 'remote port'),
    oldState: f.keyword('old_state', 'state before'),
    newState: f.keyword('new_state', 'state after'),
    socketId: f
      .text('socket_info.id', "the socket's cookie: unlike an address in the kernel, it is never used again")
      .optional(),
    socketInode: f.int('socket_info.inode', 'inode number').optional(),
    socketUid: f.int('socket_info.user_id', 'user that owns the socket').optional(),
    socketGid: f.int('socket_info.group_id', 'its group').optional(),
    socketState: f.keyword('socket_info.state', 'FREE, UNCONNECTED, CONNECTING, CONNECTED or DISCONNECTING').optional(),
  },
);
export type TcpAuditRecord = RecordOf<typeof tcpAuditRecord.fields>;

export const TCP_RECORDS = [tcpStateRecord, tcpAuditRecord] as const;
