// Writes the rows of a stage: packets as the decoder found them, reassembled datagrams, fragments that were given up, notes of ICMP
// errors, packets that the kernel counted.

import { icmpPorts } from '../flow/icmp-types.ts';
import * as layout from '../flow/layout.ts';
import type { Extra, Stage } from '../flow/stage.ts';
import * as stageWords from '../flow/stage.ts';
import { QuotedTuple, quotedTuple } from '../protocols/icmp/quoted.ts';
import type { FlowCount } from '../sources/flow-count.ts';
import type { Datagram } from '../stream/datagram.ts';
import { type Cursor, Fault } from '../wire/cursor.ts';
import { Layer } from '../wire/layers.ts';
import type { RowKeys } from './row-keys.ts';

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const {
  INFO_BARE,
  INFO_COUNTED,
  INFO_EXTRA,
  INFO_FAULTY,
  INFO_ICMP,
  INFO_MULTICAST,
  INFO_NOTE,
  INFO_OPTIONS_CUT,
  INFO_PORTS,
  INFO_SPECIAL,
  INFO_TCP,
  INFO_TUNNEL,
  ROW,
  ROW_EXTRA,
  ROW_INFO,
  ROW_MARKS,
  ROW_NETWORK,
  ROW_PACKET,
  ROW_PAYLOAD,
  ROW_PAYLOAD_END,
  ROW_PAYLOAD_LENGTH,
  ROW_SEQUENCE,
  ROW_TRANSPORT,
} = stageWords;
const { ACK, FIN, RST, SYN } = layout;
const CUT = Fault.cut;
const TCP = Layer.tcp;

const SYN_FIN_RST_ACK = SYN | FIN | RST | ACK;
const PROTOCOL_ICMP = 1;
const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;
const PROTOCOL_DCCP = 33;
const PROTOCOL_ICMPV6 = 58;
const PROTOCOL_SCTP = 132;
const PROTOCOL_UDPLITE = 136;
/** Bytes counted in one row at most, and rows that one count can fill. */
const PART_BYTES = 0x7fffffff;
export const ROWS_OF_A_COUNT = 256;

export class RowWriter {
  readonly #keys: RowKeys;
  readonly #quoted = new QuotedTuple();

  constructor(keys: RowKeys) {
    this.#keys = keys;
  }

  /** `extra` >= 0: the packet is a reassembled datagram whose bytes are the cursor's. */
  packet(stage: Stage, c: Cursor, context: number, packet: number, extra: number, info: number): void {
    const rows = stage.rows;
    const row = stage.count * ROW;
    const { bytes, view } = c;
    const network = c.network;
    const protocol = c.protocol;
    let sourcePort = c.sourcePort;
    let destinationPort = c.destinationPort;
    let marks: number;
    if (c.ipVersion === 4) marks = (bytes[network + 8] << 8) | ((bytes[network + 1] >> 2) << 16);
    else marks = (bytes[network + 7] << 8) | (((view.getUint16(network) >> 6) & 0x3f) << 16);
    if (hasPorts(protocol)) {
      // A header cut behind its ports has no offset, and its ports all the same.
      if (c.transport >= 0 || sourcePort !== 0 || destinationPort !== 0) info |= INFO_PORTS;
      if (
        protocol === PROTOCOL_TCP &&
        c.transport >= 0 &&
        c.transport + 14 <= c.end + (c.payloadEnd > c.end ? c.payloadEnd - c.end : 0) &&
        c.payload > 0
      ) {
        const flags = bytes[c.transport + 13];
        marks |= flags;
        info |= INFO_TCP;
        // A header that is cut behind its flags has no window.
        if (
          (flags & SYN_FIN_RST_ACK) !== ACK ||
          c.transport + 16 > bytes.length ||
          view.getUint16(c.transport + 14) === 0
        )
          info |= INFO_SPECIAL;
        rows[row + ROW_SEQUENCE] = view.getInt32(c.transport + 4);
      }
    } else if (
      (protocol === PROTOCOL_ICMP && c.ipVersion === 4) ||
      (protocol === PROTOCOL_ICMPV6 && c.ipVersion === 6)
    ) {
      if (c.transport >= 0 && c.transport + 2 <= c.payloadEnd) {
        const ports = icmpPorts(c.ipVersion, bytes[c.transport], bytes[c.transport + 1]);
        sourcePort = ports >>> 16;
        destinationPort = ports & 0xffff;
        info |= INFO_ICMP;
      }
    }
    if (c.fault !== 0) info |= INFO_FAULTY;
    if (c.fault === CUT && c.faultLayer === TCP && c.transport >= 0) info |= INFO_OPTIONS_CUT;
    if (c.tunnels !== 0) info |= INFO_TUNNEL;
    if (extra >= 0) info |= INFO_EXTRA;
    this.#keys.header(
      stage,
      row,
      c.ipVersion === 6,
      view,
      network,
      protocol,
      sourcePort,
      destinationPort,
      context,
      info,
    );
    rows[row + ROW_PACKET] = packet;
    rows[row + ROW_TRANSPORT] = c.transport;
    rows[row + ROW_PAYLOAD] = c.payload;
    rows[row + ROW_PAYLOAD_END] = c.payloadEnd;
    // A frame may claim 4 GiB, a word holds half of that.
    rows[row + ROW_PAYLOAD_LENGTH] = Math.min(c.payloadLength, 0x7fffffff);
    rows[row + ROW_MARKS] = marks;
    rows[row + ROW_EXTRA] = extra;
    rows[row + ROW_NETWORK] = network;
    stage.count++;
  }

  /** Packets that were counted elsewhere; `number` is theirs in the order of things. Takes `ROWS_OF_A_COUNT` rows at most. */
  count(stage: Stage, count: FlowCount, context: number, number: number): void {
    const { v6, source, destination, protocol } = count;
    let { sourcePort, destinationPort } = count;
    let info = INFO_EXTRA | INFO_COUNTED;
    if (protocol === (v6 ? PROTOCOL_ICMPV6 : PROTOCOL_ICMP)) {
      const ports = icmpPorts(v6 ? 6 : 4, sourcePort, destinationPort);
      sourcePort = ports >>> 16;
      destinationPort = ports & 0xffff;
      info |= INFO_ICMP;
    } else if (hasPorts(protocol)) info |= INFO_PORTS;
    if (v6 ? destination[0] >>> 24 === 0xff : destination[3] >>> 28 === 14 || destination[3] === -1)
      info |= INFO_MULTICAST;
    const vlan =
      count.vlan === 0
        ? undefined
        : count.innerVlan === 0
          ? [String(count.vlan)]
          : [String(count.vlan), String(count.innerVlan)];
    const counted = { firstTcpFlags: count.firstTcpFlags, interfaceId: count.interfaceId, vlan };
    // A row has 31 bits for its payload.
    const parts = Math.min(
      ROWS_OF_A_COUNT,
      Math.ceil(Math.max(count.bytes, count.payload, 1) / PART_BYTES),
      count.packets,
    );
    let packets = count.packets;
    let { bytes, payload } = count;
    for (let left = parts; left > 0; left--) {
      const row = stage.count * ROW;
      this.#keys.words(stage, row, v6, source, destination, protocol, sourcePort, destinationPort, context, info);
      const part = { packets: Math.ceil(packets / left), bytes: Math.ceil(bytes / left) };
      const partPayload = Math.ceil(payload / left);
      stage.extras.push({
        bytes: null,
        packets: part.packets,
        frameBytes: part.bytes,
        firstPacket: number,
        cause: number,
        firstSeconds: count.firstSeconds,
        firstNanos: count.firstNanos,
        lastSeconds: count.lastSeconds,
        lastNanos: count.lastNanos,
        counted,
      });
      this.#withoutPacket(stage, (count.tcpFlags & 0xff) | (count.ttl << 8) | (count.dscp << 16), partPayload);
      packets -= part.packets;
      bytes -= part.bytes;
      payload -= partPayload;
    }
  }

  /** A copy of a fragment of the datagram at the cursor: counted where the datagram was, and nothing else. */
  copy(stage: Stage, c: Cursor, context: number, d: Datagram): void {
    const { rows } = stage;
    const row = stage.count * ROW;
    stage.extras.push(extraOf(d, null));
    this.packet(stage, c, context, -1, stage.extras.length - 1, INFO_BARE);
    rows[row + ROW_INFO] &= ~(INFO_TCP | INFO_SPECIAL | INFO_ICMP);
    stage.count--;
    this.#withoutPacket(stage, rows[row + ROW_MARKS], 0);
  }

  /** Fragments of a datagram that never became whole. */
  bare(stage: Stage, d: Datagram): void {
    const row = stage.count * ROW;
    const info = INFO_BARE | INFO_EXTRA | (d.ports[0] !== 0 || d.ports[1] !== 0 ? INFO_PORTS : 0);
    this.#keys.words(
      stage,
      row,
      d.v6,
      d.sourceWords,
      d.destinationWords,
      d.protocol,
      d.ports[0],
      d.ports[1],
      d.context,
      info,
    );
    stage.extras.push(extraOf(d, null));
    this.#withoutPacket(stage, d.ttl << 8, 0);
  }

  /** An ICMP error tells the flow that it quotes, which may live in another shard. */
  note(stage: Stage, c: Cursor, context: number, packet: number): void {
    const q = this.#quoted;
    if (!quotedTuple(c.bytes, c.transport, c.payloadEnd, c.ipVersion as 4 | 6, q) || !q.isWhole) return;
    const row = stage.count * ROW;
    const { source: s, destination: d } = q;
    this.#keys.words(
      stage,
      row,
      s.v6,
      [s.w0, s.w1, s.w2, s.w3 | 0],
      [d.w0, d.w1, d.w2, d.w3 | 0],
      q.protocol,
      q.sourcePort,
      q.destinationPort,
      context,
      INFO_NOTE,
    );
    stage.rows[row + ROW_PACKET] = packet;
    stage.count++;
  }

  /** A row that stands for no packet of the batch, without payload; its bytes are in the last extra. */
  #withoutPacket(stage: Stage, marks: number, payloadLength: number): void {
    const { rows } = stage;
    const row = stage.count * ROW;
    rows[row + ROW_PACKET] = -1;
    rows[row + ROW_TRANSPORT] = -1;
    rows[row + ROW_PAYLOAD] = 0;
    rows[row + ROW_PAYLOAD_END] = 0;
    rows[row + ROW_PAYLOAD_LENGTH] = payloadLength;
    rows[row + ROW_MARKS] = marks;
    rows[row + ROW_EXTRA] = stage.extras.length - 1;
    rows[row + ROW_NETWORK] = 0;
    stage.count++;
  }
}

/** Does this protocol over IP have ports, where TCP has them? */
function hasPorts(protocol: number): boolean {
  return (
    protocol === PROTOCOL_TCP ||
    protocol === PROTOCOL_UDP ||
    protocol === PROTOCOL_SCTP ||
    protocol === PROTOCOL_DCCP ||
    protocol === PROTOCOL_UDPLITE
  );
}

/** What stands behind a row of several frames. */
export function extraOf(d: Datagram, bytes: Uint8Array | null): Extra {
  return {
    bytes,
    packets: d.packets,
    frameBytes: d.frameBytes,
    firstPacket: d.firstPacket,
    cause: d.lastPacket,
    firstSeconds: d.firstSeconds,
    firstNanos: d.firstNanos,
    lastSeconds: d.lastSeconds,
    lastNanos: d.lastNanos,
    tunnels: d.tunnels,
  };
}
