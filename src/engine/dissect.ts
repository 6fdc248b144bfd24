// From packet batches to staged rows: decoding, tunnels, fragments, flow keys, the clock. Everything that must happen once and in
// order, before packets are spread over shards.
//
// Two ways lead to the same row: the fast path reads the common packet (Ethernet, IPv4 without options or IPv6 without extension
// headers, whole, TCP or UDP) in place; the decoder of `wire/` takes every other one. A property test holds them against each other.

import { foldV6, shardOf, tableHash } from '../flow/hash.ts';
import { icmpPorts } from '../flow/icmp-types.ts';
import * as layout from '../flow/layout.ts';
import type { Extra, Stage, Tick } from '../flow/stage.ts';
import * as stageWords from '../flow/stage.ts';
import { wideHash } from '../flow/table.ts';
import { QuotedTuple, quotedTuple } from '../protocols/icmp/quoted.ts';
import type { FlowCount } from '../sources/flow-count.ts';
import {
  PACKET_CHECKSUM_PENDING,
  PACKET_DIRECTION_KNOWN,
  PACKET_OUTGOING,
  PACKET_SEGMENTED,
  type PacketBatch,
} from '../sources/source.ts';
import { type Datagram, Defragmenter, type DefragmentOptions, wholeDatagram } from '../stream/defragment.ts';
import { checkTransport } from '../wire/checksum.ts';
import { CHECKSUM_NETWORK_BAD, CHECKSUM_TRANSPORT_BAD, Cursor, FAULT_NAMES } from '../wire/cursor.ts';
import { decode, decodeReassembled } from '../wire/decode.ts';
import { LAYER_NAMES } from '../wire/layers.ts';
import { isTunnelPort } from '../wire/udp.ts';
import { type Clock, EPOCH_STEP_SECONDS } from './clock.ts';
import { KeyContexts } from './key-contexts.ts';
import { type Ledger, OUTCOMES } from './ledger.ts';

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const {
  INFO_BARE,
  INFO_COUNTED,
  INFO_EXTRA,
  INFO_FAULTY,
  INFO_ICMP,
  INFO_MULTICAST,
  INFO_NOTE,
  INFO_PORTS,
  INFO_REVERSE,
  INFO_SEEN_SHIFT,
  INFO_SEGMENTED,
  INFO_SPECIAL,
  INFO_TCP,
  INFO_TUNNEL,
  INFO_V6,
  ROW,
  ROW_A,
  ROW_B,
  ROW_EXTRA,
  ROW_HASH,
  ROW_INFO,
  ROW_MARKS,
  ROW_NETWORK,
  ROW_PACKET,
  ROW_PAYLOAD,
  ROW_PAYLOAD_END,
  ROW_PAYLOAD_LENGTH,
  ROW_PORTS,
  ROW_PROTOCOL,
  ROW_SEQUENCE,
  ROW_SHARD,
  ROW_TRANSPORT,
  WIDE,
} = stageWords;
const { ACK, FIN, RST, SYN } = layout;

const LINKTYPE_ETHERNET = 1;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const SYN_FIN_RST_ACK = SYN | FIN | RST | ACK;
const PROTOCOL_ICMP = 1;
const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;
const PROTOCOL_DCCP = 33;
const PROTOCOL_ICMPV6 = 58;
const PROTOCOL_SCTP = 132;
const PROTOCOL_UDPLITE = 136;

const OUT_FLOW = OUTCOMES.indexOf('flow');
const OUT_NO_IP = OUTCOMES.indexOf('no_ip');
const OUT_BAD_CHECKSUM = OUTCOMES.indexOf('bad_checksum');
const OUT_BY_FAULT = FAULT_NAMES.map((name) =>
  OUTCOMES.indexOf(
    name === 'cut'
      ? 'cut'
      : name === 'malformed'
        ? 'malformed'
        : name === 'tooManyLayers'
          ? 'too_deep'
          : name === 'unsupportedLink'
            ? 'unsupported_link'
            : 'no_ip',
  ),
);

export interface DissectOptions {
  defragment: DefragmentOptions;
  /** `ignore` never looks at checksums, `count` counts wrong ones, `drop` drops their packets too. */
  checksums: 'ignore' | 'count' | 'drop';
  /** The capturing interface is part of the flow key. */
  interfaceInKey: boolean;
  /** Nobody looks into packets: rows need not say where their payload is. */
  headersOnly: boolean;
  /** Tell flows about the ICMP errors that quote them. */
  icmpNotes: boolean;
}

/** Protocols over IP that have ports where TCP has them. */
const HAS_PORTS = new Set([PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_DCCP, PROTOCOL_SCTP, PROTOCOL_UDPLITE]);
/** Bytes counted in one row at most, and rows that one count can fill. */
const PART_BYTES = 0x7fffffff;
export const ROWS_OF_A_COUNT = 256;

/** Packets on the wire that entry `i` stands for. */
export function packetsOf(batch: PacketBatch, i: number): number {
  return (batch.flags[i] & PACKET_SEGMENTED) !== 0 ? batch.segments[i] : 1;
}

export class Dissector {
  readonly #options: DissectOptions;
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #contexts: KeyContexts;
  readonly #defragmenter: Defragmenter;
  readonly #cursor = new Cursor();
  readonly #salt0: number;
  readonly #salt1: number;
  readonly #quoted = new QuotedTuple();
  readonly #alwaysDecode: boolean;

  constructor(options: DissectOptions, ledger: Ledger, clock: Clock, salts: readonly [number, number]) {
    this.#options = options;
    this.#ledger = ledger;
    this.#clock = clock;
    this.#contexts = new KeyContexts(ledger);
    this.#defragmenter = new Defragmenter(options.defragment, (event) => ledger.count(`fragments.${event}`));
    this.#salt0 = salts[0];
    this.#salt1 = salts[1];
    this.#alwaysDecode = options.checksums !== 'ignore' || options.interfaceInKey;
    this.#cursor.wantChecksums = options.checksums !== 'ignore';
  }

  /**
   * Stages packets [from, batch.count) until the stage is full; returns the index of the first packet that was not staged.
   * One packet fills at most three rows (itself, a note, given-up fragments apart, which are staged when there is room).
   */
  run(batch: PacketBatch, from: number, stage: Stage): number {
    const { bytes, view, offset, capturedLength, wireLength, linkType, vlan, seconds } = batch;
    const rows = stage.rows;
    const salt0 = this.#salt0;
    const salt1 = this.#salt1;
    const clock = this.#clock;
    const always = this.#alwaysDecode;
    const { headersOnly } = this.#options;
    const room = stage.capacity - 4;
    let flowPackets = 0;
    let flowBytes = 0;
    let i = from;
    for (; i < batch.count && stage.count < room; i++) {
      if (this.#behind && !this.#catchUp(stage)) break;
      if (seconds[i] !== clock.seconds && clock.moves(seconds[i])) {
        this.#tick(batch.numbers[i], seconds[i]);
        if (!this.#catchUp(stage)) break;
      }
      const o = offset[i];
      const captured = capturedLength[i];
      let row = stage.count * ROW;
      // The fast path. Its conditions are ordered by how soon they decide.
      fast: if (linkType[i] === LINKTYPE_ETHERNET && captured >= 42 && !always && vlan[i] === 0) {
        const l3 = o + 14;
        const etherType = view.getUint16(o + 12);
        let protocol: number;
        let transport: number;
        let ipEnd: number;
        let marks: number;
        if (etherType === ETHERTYPE_IPV4) {
          if (bytes[l3] !== 0x45 || (view.getUint16(l3 + 6) & 0x3fff) !== 0) break fast;
          protocol = bytes[l3 + 9];
          transport = l3 + 20;
          ipEnd = l3 + view.getUint16(l3 + 2);
          marks = (bytes[l3 + 8] << 8) | ((bytes[l3 + 1] >> 2) << 16);
        } else if (etherType === ETHERTYPE_IPV6 && captured >= 62) {
          const word = view.getUint16(l3);
          if (word >>> 12 !== 6) break fast;
          const length = view.getUint16(l3 + 4);
          if (length === 0) break fast;
          protocol = bytes[l3 + 6];
          transport = l3 + 40;
          ipEnd = transport + length;
          marks = (bytes[l3 + 7] << 8) | (((word >> 6) & 0x3f) << 16);
        } else break fast;
        const capturedEnd = o + captured;
        const frame = wireLength[i];
        if (ipEnd > o + (frame > captured ? frame : captured)) break fast;
        const end = ipEnd < capturedEnd ? ipEnd : capturedEnd;
        let payload: number;
        let info: number;
        const ports = view.getInt32(transport);
        if (protocol === PROTOCOL_TCP) {
          if (transport + 20 > end) break fast;
          const dataOffset = (bytes[transport + 12] >> 4) << 2;
          payload = transport + dataOffset;
          if (dataOffset < 20 || payload > end) break fast;
          const flags = bytes[transport + 13];
          marks |= flags;
          info = INFO_TCP | INFO_PORTS;
          if ((flags & SYN_FIN_RST_ACK) !== ACK || view.getUint16(transport + 14) === 0) info |= INFO_SPECIAL;
          rows[row + ROW_SEQUENCE] = view.getInt32(transport + 4);
        } else if (protocol === PROTOCOL_UDP) {
          payload = transport + 8;
          if (payload > end || transport + view.getUint16(transport + 4) !== ipEnd) break fast;
          if (isTunnelPort(ports >>> 16) || isTunnelPort(ports & 0xffff)) break fast;
          info = INFO_PORTS;
        } else break fast;
        if (etherType === ETHERTYPE_IPV4) {
          let a = view.getInt32(l3 + 12);
          let b = view.getInt32(l3 + 16);
          let pair = ports;
          if (b >>> 28 === 14 || b === -1) info |= INFO_MULTICAST;
          if (a >>> 0 > b >>> 0 || (a === b && ports >>> 16 > (ports & 0xffff))) {
            const other = a;
            a = b;
            b = other;
            pair = (ports << 16) | (ports >>> 16);
            info |= INFO_REVERSE;
          }
          rows[row + ROW_HASH] = tableHash(a, b, pair, protocol, salt0, salt1);
          rows[row + ROW_SHARD] = shardOf(a, b, pair, protocol);
          rows[row + ROW_A] = a;
          rows[row + ROW_B] = b;
          rows[row + ROW_PORTS] = pair;
          rows[row + ROW_PROTOCOL] = protocol;
          rows[row + ROW_INFO] = info;
        } else this.#stageKey(stage, row, true, view, l3, protocol, ports >>> 16, ports & 0xffff, 0, info);
        rows[row + ROW_PACKET] = i;
        rows[row + ROW_TRANSPORT] = transport;
        rows[row + ROW_PAYLOAD_LENGTH] = ipEnd - payload;
        rows[row + ROW_MARKS] = marks;
        if (!headersOnly) {
          rows[row + ROW_PAYLOAD] = payload;
          rows[row + ROW_PAYLOAD_END] = end;
          rows[row + ROW_NETWORK] = l3;
          rows[row + ROW_EXTRA] = -1;
        }
        if (batch.flags[i] !== 0) {
          rows[row + ROW_INFO] |= seen(batch.flags[i]);
          flowPackets += packetsOf(batch, i) - 1;
        }
        stage.count++;
        flowPackets++;
        flowBytes += frame;
        continue;
      }
      const c = this.#cursor;
      c.reset(bytes, view, o, captured, wireLength[i]);
      if (vlan[i] !== 0) {
        c.vlanOuter = vlan[i] & 0xfff;
        c.vlanCount = 1;
      }
      decode(c, linkType[i]);
      if (c.fault !== 0) this.#ledger.count(`fault.${FAULT_NAMES[c.fault]}.${LAYER_NAMES[c.faultLayer]}`);
      if (c.ipVersion === 0) {
        this.#ledger.outcome(c.fault === 0 ? OUT_NO_IP : OUT_BY_FAULT[c.fault], packetsOf(batch, i), wireLength[i]);
        continue;
      }
      if (
        this.#options.checksums !== 'ignore' &&
        (batch.flags[i] & PACKET_CHECKSUM_PENDING) === 0 &&
        this.#badChecksum(c)
      ) {
        if (this.#options.checksums === 'drop') {
          this.#ledger.outcome(OUT_BAD_CHECKSUM, packetsOf(batch, i), wireLength[i]);
          continue;
        }
      }
      flowPackets++;
      flowBytes += wireLength[i];
      const interfaceId = this.#options.interfaceInKey ? batch.interfaceId[i] : -1;
      const context = this.#contexts.id(c, interfaceId);
      const info = batch.flags[i] !== 0 ? seen(batch.flags[i]) : 0;
      if (c.fragment && (c.fragmentOffset !== 0 || c.moreFragments)) {
        const whole = this.#defragmenter.add(
          c,
          context,
          wireLength[i],
          batch.numbers[i],
          seconds[i],
          batch.nanos[i],
          clock.seconds,
        );
        if (whole !== null) this.#stageDatagram(stage, whole, i, interfaceId, info);
        this.#collectGivenUp(batch.numbers[i] + 1);
        continue;
      }
      flowPackets += packetsOf(batch, i) - 1;
      row = stage.count * ROW;
      this.#stagePacket(stage, c, context, i, -1, info);
      if ((rows[row + ROW_INFO] & INFO_ICMP) !== 0 && this.#options.icmpNotes) this.#stageNote(stage, c, context, i);
    }
    const ledger = this.#ledger;
    ledger.packets[OUT_FLOW] += flowPackets;
    ledger.bytes[OUT_FLOW] += flowBytes;
    return i;
  }

  /**
   * Time goes on without packets: what is due by `seconds` becomes rows and ticks, before packet `number`. Call until it says
   * true, with an empty stage each time. Nothing happens before the first packet, and never may a packet's own time be overtaken.
   */
  passTime(stage: Stage, seconds: number, number: number): boolean {
    const clock = this.#clock;
    if (
      !this.#behind &&
      clock.seconds >= 0 &&
      (seconds > clock.seconds || seconds < clock.seconds - EPOCH_STEP_SECONDS)
    )
      this.#tick(number, seconds);
    return !this.#behind || this.#catchUp(stage);
  }

  /** End of input: what still waits for fragments becomes rows. Call until it says true: all of them were staged. */
  finish(stage: Stage, lastPacket: number): boolean {
    this.#defragmenter.flush();
    this.#collectGivenUp(lastPacket + 1);
    return this.#catchUp(stage);
  }

  /** Packet time moves to `seconds` before packet `number`. */
  #tick(number: number, seconds: number): void {
    const epoch = this.#clock.advance(seconds);
    if (epoch) {
      this.#ledger.count('clock.epochs');
      this.#defragmenter.flush();
    } else this.#defragmenter.advance(seconds);
    this.#collectGivenUp(number);
    this.#dueTick = { row: 0, packet: number, seconds, epoch };
    this.#behind = true;
  }

  #collectGivenUp(cause: number): void {
    for (const d of this.#defragmenter.takeGivenUp()) {
      this.#givenUp.push({ ...d, lastPacket: cause });
      this.#behind = true;
    }
  }

  /**
   * Stages what must come before the next packet: fragments that were given up, then the tick. False when the stage is full; the
   * order of rows never depends on where a batch or a stage ends.
   */
  #catchUp(stage: Stage): boolean {
    let staged = 0;
    for (const d of this.#givenUp) {
      if (stage.count >= stage.capacity - 4) break;
      this.#stageBare(stage, d);
      staged++;
    }
    this.#givenUp.splice(0, staged);
    if (this.#givenUp.length > 0) return false;
    if (this.#dueTick !== null) {
      this.#dueTick.row = stage.count;
      stage.ticks.push(this.#dueTick);
      this.#dueTick = null;
    }
    this.#behind = false;
    return true;
  }
  #behind = false;
  #dueTick: Tick | null = null;
  readonly #givenUp: Datagram[] = [];

  /** `extra` >= 0: the packet is a reassembled datagram whose bytes are the cursor's. */
  #stagePacket(stage: Stage, c: Cursor, context: number, packet: number, extra: number, info: number): void {
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
    if (
      protocol === PROTOCOL_TCP ||
      protocol === PROTOCOL_UDP ||
      protocol === PROTOCOL_SCTP ||
      protocol === PROTOCOL_DCCP ||
      protocol === PROTOCOL_UDPLITE
    ) {
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
    if (c.tunnels !== 0) info |= INFO_TUNNEL;
    if (extra >= 0) info |= INFO_EXTRA;
    this.#stageKey(stage, row, c.ipVersion === 6, view, network, protocol, sourcePort, destinationPort, context, info);
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

  /** Reads the addresses behind the network header at `network` and fills the key words of a row. */
  #stageKey(
    stage: Stage,
    row: number,
    v6: boolean,
    view: DataView,
    network: number,
    protocol: number,
    sourcePort: number,
    destinationPort: number,
    context: number,
    info: number,
  ): void {
    if (v6) {
      const w = stage.wide;
      const at = stage.count * WIDE;
      for (let k = 0; k < 8; k++) w[at + k] = view.getInt32(network + 8 + 4 * k);
      if (w[at + 4] >>> 24 === 0xff) info |= INFO_MULTICAST;
      this.#keyV6(stage, row, at, protocol, sourcePort, destinationPort, context, info);
    } else {
      const b = view.getInt32(network + 16);
      if (b >>> 28 === 14 || b === -1) info |= INFO_MULTICAST;
      this.#keyV4(stage, row, view.getInt32(network + 12), b, protocol, sourcePort, destinationPort, context, info);
    }
  }

  #keyV4(
    stage: Stage,
    row: number,
    source: number,
    destination: number,
    protocol: number,
    sourcePort: number,
    destinationPort: number,
    context: number,
    info: number,
  ): void {
    const rows = stage.rows;
    let a = source;
    let b = destination;
    let pair = (sourcePort << 16) | destinationPort;
    if (a >>> 0 > b >>> 0 || (a === b && sourcePort > destinationPort)) {
      a = destination;
      b = source;
      pair = (destinationPort << 16) | sourcePort;
      info |= INFO_REVERSE;
    }
    const keyed = (context << 8) | protocol;
    rows[row + ROW_HASH] = tableHash(a, b, pair, keyed, this.#salt0, this.#salt1);
    rows[row + ROW_SHARD] = shardOf(a, b, pair, keyed);
    rows[row + ROW_A] = a;
    rows[row + ROW_B] = b;
    rows[row + ROW_PORTS] = pair;
    rows[row + ROW_PROTOCOL] = keyed;
    rows[row + ROW_INFO] = info;
  }

  /** The source and destination stand in `wide`; swaps them when the source is the higher one. */
  #keyV6(
    stage: Stage,
    row: number,
    at: number,
    protocol: number,
    sourcePort: number,
    destinationPort: number,
    context: number,
    info: number,
  ): void {
    const rows = stage.rows;
    const w = stage.wide;
    let order = 0;
    for (let k = 0; k < 4 && order === 0; k++) order = (w[at + k] >>> 0) - (w[at + 4 + k] >>> 0);
    if (order === 0) order = sourcePort - destinationPort;
    let pair = (sourcePort << 16) | destinationPort;
    if (order > 0) {
      for (let k = 0; k < 4; k++) {
        const word = w[at + k];
        w[at + k] = w[at + 4 + k];
        w[at + 4 + k] = word;
      }
      pair = (destinationPort << 16) | sourcePort;
      info |= INFO_REVERSE;
    }
    const keyed = (context << 8) | protocol;
    const a = foldV6(w[at], w[at + 1], w[at + 2], w[at + 3]);
    const b = foldV6(w[at + 4], w[at + 5], w[at + 6], w[at + 7]);
    rows[row + ROW_HASH] = wideHash(w, at, pair, keyed, this.#salt0, this.#salt1);
    rows[row + ROW_SHARD] = shardOf(a, b, pair, keyed);
    rows[row + ROW_A] = a;
    rows[row + ROW_B] = b;
    rows[row + ROW_PORTS] = pair;
    rows[row + ROW_PROTOCOL] = keyed;
    rows[row + ROW_INFO] = info | INFO_V6;
  }

  /** A datagram that became whole: decoded again from its start, with all its frames to its credit. */
  #stageDatagram(stage: Stage, d: Datagram, packet: number, interfaceId: number, info: number): void {
    const whole = wholeDatagram(d);
    const c = this.#cursor;
    decodeReassembled(c, whole, new DataView(whole.buffer), 0, whole.length);
    if (c.fault !== 0) this.#ledger.count(`fault.${FAULT_NAMES[c.fault]}.${LAYER_NAMES[c.faultLayer]}`);
    if (c.ipVersion === 0 || (c.fragment && (c.fragmentOffset !== 0 || c.moreFragments))) {
      this.#stageBare(stage, d);
      return;
    }
    stage.extras.push(extraOf(d, whole));
    // The datagram may carry a tunnel of its own: the context is the outer one plus what was found inside.
    const context = this.#contexts.id(c, interfaceId);
    const row = stage.count * ROW;
    this.#stagePacket(stage, c, context, packet, stage.extras.length - 1, info);
    if ((stage.rows[row + ROW_INFO] & INFO_ICMP) !== 0 && this.#options.icmpNotes)
      this.#stageNote(stage, c, context, packet);
  }

  /** Packets that were counted elsewhere; `number` is theirs in the order of things. Takes `ROWS_OF_A_COUNT` rows at most. */
  stageCount(stage: Stage, count: FlowCount, number: number): void {
    if (this.#clock.seconds < 0) {
      this.#tick(number, count.firstSeconds);
      this.#catchUp(stage);
    }
    const { v6, source, destination, protocol } = count;
    const c = this.#cursor;
    c.vlanOuter = count.vlan;
    c.vlanInner = count.innerVlan;
    c.virtualNetwork = 0;
    const context = this.#contexts.id(c, this.#options.interfaceInKey ? count.interfaceId : -1);
    let { sourcePort, destinationPort } = count;
    let info = INFO_EXTRA | INFO_COUNTED;
    if (protocol === (v6 ? PROTOCOL_ICMPV6 : PROTOCOL_ICMP)) {
      const ports = icmpPorts(v6 ? 6 : 4, sourcePort, destinationPort);
      sourcePort = ports >>> 16;
      destinationPort = ports & 0xffff;
      info |= INFO_ICMP;
    } else if (HAS_PORTS.has(protocol)) info |= INFO_PORTS;
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
      const { rows } = stage;
      if (v6) {
        const at = stage.count * WIDE;
        for (let k = 0; k < 4; k++) {
          stage.wide[at + k] = source[k];
          stage.wide[at + 4 + k] = destination[k];
        }
        this.#keyV6(stage, row, at, protocol, sourcePort, destinationPort, context, info);
      } else this.#keyV4(stage, row, source[3], destination[3], protocol, sourcePort, destinationPort, context, info);
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
      rows[row + ROW_PACKET] = -1;
      rows[row + ROW_TRANSPORT] = -1;
      rows[row + ROW_PAYLOAD] = 0;
      rows[row + ROW_PAYLOAD_END] = 0;
      rows[row + ROW_PAYLOAD_LENGTH] = partPayload;
      rows[row + ROW_MARKS] = (count.tcpFlags & 0xff) | (count.ttl << 8) | (count.dscp << 16);
      rows[row + ROW_EXTRA] = stage.extras.length - 1;
      rows[row + ROW_NETWORK] = 0;
      stage.count++;
      packets -= part.packets;
      bytes -= part.bytes;
      payload -= partPayload;
      this.#ledger.outcome(OUT_FLOW, part.packets, part.bytes);
    }
  }

  #stageBare(stage: Stage, d: Datagram): void {
    const row = stage.count * ROW;
    const rows = stage.rows;
    const info = INFO_BARE | INFO_EXTRA | (d.ports[0] !== 0 || d.ports[1] !== 0 ? INFO_PORTS : 0);
    if (d.v6) {
      const at = stage.count * WIDE;
      for (let k = 0; k < 4; k++) {
        stage.wide[at + k] = d.sourceWords[k];
        stage.wide[at + 4 + k] = d.destinationWords[k];
      }
      this.#keyV6(stage, row, at, d.protocol, d.ports[0], d.ports[1], d.context, info);
    } else
      this.#keyV4(
        stage,
        row,
        d.sourceWords[3],
        d.destinationWords[3],
        d.protocol,
        d.ports[0],
        d.ports[1],
        d.context,
        info,
      );
    stage.extras.push(extraOf(d, null));
    rows[row + ROW_PACKET] = -1;
    rows[row + ROW_TRANSPORT] = -1;
    rows[row + ROW_PAYLOAD] = 0;
    rows[row + ROW_PAYLOAD_END] = 0;
    rows[row + ROW_PAYLOAD_LENGTH] = 0;
    rows[row + ROW_MARKS] = d.ttl << 8;
    rows[row + ROW_EXTRA] = stage.extras.length - 1;
    rows[row + ROW_NETWORK] = 0;
    stage.count++;
  }

  /** An ICMP error tells the flow that it quotes, which may live in another shard. */
  #stageNote(stage: Stage, c: Cursor, context: number, packet: number): void {
    const q = this.#quoted;
    if (!quotedTuple(c.bytes, c.transport, c.payloadEnd, c.ipVersion as 4 | 6, q) || !q.isWhole) return;
    const row = stage.count * ROW;
    const s = q.source;
    const d = q.destination;
    if (s.v6) {
      const at = stage.count * WIDE;
      const w = stage.wide;
      w[at] = s.w0;
      w[at + 1] = s.w1;
      w[at + 2] = s.w2;
      w[at + 3] = s.w3;
      w[at + 4] = d.w0;
      w[at + 5] = d.w1;
      w[at + 6] = d.w2;
      w[at + 7] = d.w3;
      this.#keyV6(stage, row, at, q.protocol, q.sourcePort, q.destinationPort, context, INFO_NOTE);
    } else this.#keyV4(stage, row, s.w3 | 0, d.w3 | 0, q.protocol, q.sourcePort, q.destinationPort, context, INFO_NOTE);
    stage.rows[row + ROW_PACKET] = packet;
    stage.count++;
  }

  #badChecksum(c: Cursor): boolean {
    if (!c.fragment) checkTransport(c);
    if ((c.checksum & (CHECKSUM_NETWORK_BAD | CHECKSUM_TRANSPORT_BAD)) === 0) return false;
    if ((c.checksum & CHECKSUM_NETWORK_BAD) !== 0) this.#ledger.count('checksum.ip');
    if ((c.checksum & CHECKSUM_TRANSPORT_BAD) !== 0) this.#ledger.count('checksum.transport');
    return true;
  }
}

function seen(flags: number): number {
  const segmented = (flags & PACKET_SEGMENTED) !== 0 ? INFO_SEGMENTED : 0;
  if ((flags & PACKET_DIRECTION_KNOWN) === 0) return segmented;
  return segmented | (((flags & PACKET_OUTGOING) !== 0 ? 1 : 2) << INFO_SEEN_SHIFT);
}

function extraOf(d: Datagram, bytes: Uint8Array | null): Extra {
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
  };
}
