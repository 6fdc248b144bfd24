// From packet batches to staged rows: decoding, tunnels, fragments, flow keys, the clock. Everything that must happen once and in
// order, before packets are spread over shards.
//
// Two ways lead to the same row: the fast path reads the common packet (Ethernet, IPv4 without options or IPv6 without extension
// headers, whole, TCP or UDP) in place; the decoder of `wire/` takes every other one. A property test holds them against each other.

import { shardOf, tableHash } from '../flow/hash.ts';
import * as layout from '../flow/layout.ts';
import type { Stage } from '../flow/stage.ts';
import * as stageWords from '../flow/stage.ts';
import type { FlowCount } from '../sources/flow-count.ts';
import {
  PACKET_CHECKSUM_PENDING,
  PACKET_DIRECTION_KNOWN,
  PACKET_OUTGOING,
  PACKET_SEGMENTED,
  type PacketBatch,
} from '../sources/source.ts';
import { type Datagram, wholeDatagram } from '../stream/datagram.ts';
import { Defragmenter, type DefragmentOptions } from '../stream/defragment.ts';
import { checkTransport } from '../wire/checksum.ts';
import { CHECKSUM_NETWORK_BAD, CHECKSUM_TRANSPORT_BAD, Cursor, FAULT_NAMES } from '../wire/cursor.ts';
import { decode, decodeReassembled } from '../wire/decode.ts';
import { LAYER_NAMES } from '../wire/layers.ts';
import { isTunnelPort } from '../wire/udp.ts';
import type { Clock } from './clock.ts';
import { Interludes, ROWS_OF_A_PACKET } from './interludes.ts';
import { KeyContexts } from './key-contexts.ts';
import { type Ledger, OUTCOMES } from './ledger.ts';
import { RowKeys } from './row-keys.ts';
import { extraOf, RowWriter } from './row-writer.ts';

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const {
  INFO_ICMP,
  INFO_MULTICAST,
  INFO_PORTS,
  INFO_REVERSE,
  INFO_SEEN_SHIFT,
  INFO_SEGMENTED,
  INFO_SPECIAL,
  INFO_TCP,
  ROW,
  ROW_A,
  ROW_B,
  ROW_EXTRA,
  ROW_HASH,
  ROW_INFO,
  ROW_MARKS,
  ROW_MASK,
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
} = stageWords;
const { ACK, FIN, RST, SYN } = layout;

const LINKTYPE_ETHERNET = 1;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const SYN_FIN_RST_ACK = SYN | FIN | RST | ACK;
const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;
/** The bytes of a batch are fewer: V8 knows then that what is added to a packet's place cannot overflow, and does not check. */
const OFFSET_MASK = 0x3fff_ffff;

/** Fragmented datagrams around a datagram; what is deeper counts for the outermost that is left. */
const MAX_NESTING = 3;

const OUT_FLOW = OUTCOMES.indexOf('flow');
const OUT_NO_IP = OUTCOMES.indexOf('no_ip');
const OUT_BAD_CHECKSUM = OUTCOMES.indexOf('bad_checksum');
const OUTCOME_OF_FAULT: Readonly<Record<string, (typeof OUTCOMES)[number]>> = {
  cut: 'cut',
  malformed: 'malformed',
  tooManyLayers: 'too_deep',
  unsupportedLink: 'unsupported_link',
};
const OUT_BY_FAULT = FAULT_NAMES.map((name) => OUTCOMES.indexOf(OUTCOME_OF_FAULT[name] ?? 'no_ip'));

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
  readonly #keys: RowKeys;
  readonly #rows: RowWriter;
  readonly #interludes = new Interludes();
  readonly #alwaysDecode: boolean;

  constructor(options: DissectOptions, ledger: Ledger, clock: Clock, salts: readonly [number, number]) {
    this.#options = options;
    this.#ledger = ledger;
    this.#clock = clock;
    this.#contexts = new KeyContexts(ledger);
    this.#defragmenter = new Defragmenter(options.defragment, (event) => ledger.count(`fragments.${event}`));
    this.#salt0 = salts[0];
    this.#salt1 = salts[1];
    this.#keys = new RowKeys(salts);
    this.#rows = new RowWriter(this.#keys);
    this.#alwaysDecode = options.checksums !== 'ignore';
    this.#cursor.wantChecksums = options.checksums !== 'ignore';
  }

  /**
   * Stages packets [from, batch.count) until the stage is full; returns the index of the first packet that was not staged.
   * One packet fills at most three rows (itself, a note, given-up fragments apart, which are staged when there is room).
   */
  run(batch: PacketBatch, from: number, stage: Stage): number {
    const { bytes, view, offset, capturedLength, wireLength, linkType, vlan, seconds, flags: flagsOf } = batch;
    const { interfaceId: interfaces } = batch;
    const { rows } = stage;
    const salt0 = this.#salt0;
    const salt1 = this.#salt1;
    const clock = this.#clock;
    const always = this.#alwaysDecode;
    const { headersOnly, interfaceInKey } = this.#options;
    const contexts = this.#contexts;
    const interludes = this.#interludes;
    // Integers, and copies of what only the slow ways change: V8 takes arguments and properties for tagged values that it has to look at for
    // each packet.
    const packets = batch.count | 0;
    const room = (stage.capacity - ROWS_OF_A_PACKET) | 0;
    let staged = stage.count | 0;
    let now = clock.seconds;
    let isWaiting = interludes.isWaiting;
    let flowPackets = 0;
    let flowBytes = 0;
    let i = from | 0;
    for (; i < packets && staged < room; i++) {
      if (isWaiting || (seconds[i] !== now && clock.moves(seconds[i]))) {
        stage.count = staged;
        const isReady = this.#interlude(batch, i, stage, isWaiting);
        staged = stage.count | 0;
        if (!isReady) break;
        now = clock.seconds;
        isWaiting = false;
      }
      const o = offset[i] & OFFSET_MASK;
      const captured = capturedLength[i];
      const row = (staged & ROW_MASK) * ROW;
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
        const context = interfaceInKey ? contexts.ofInterface(interfaces[i]) : 0;
        if (etherType === ETHERTYPE_IPV4) {
          const keyed = (context << 8) | protocol;
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
          rows[row + ROW_HASH] = tableHash(a, b, pair, keyed, salt0, salt1);
          rows[row + ROW_SHARD] = shardOf(a, b, pair, keyed);
          rows[row + ROW_A] = a;
          rows[row + ROW_B] = b;
          rows[row + ROW_PORTS] = pair;
          rows[row + ROW_PROTOCOL] = keyed;
          rows[row + ROW_INFO] = info;
        } else this.#keys.header(stage, row, true, view, l3, protocol, ports >>> 16, ports & 0xffff, context, info);
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
        if (flagsOf[i] !== 0) {
          rows[row + ROW_INFO] |= seen(flagsOf[i]);
          flowPackets += packetsOf(batch, i) - 1;
        }
        staged++;
        flowPackets++;
        flowBytes += frame;
        continue;
      }
      stage.count = staged;
      this.#decoded(batch, i, stage);
      staged = stage.count | 0;
      isWaiting = interludes.isWaiting;
    }
    stage.count = staged;
    const ledger = this.#ledger;
    ledger.packets[OUT_FLOW] += flowPackets;
    ledger.bytes[OUT_FLOW] += flowBytes;
    return i;
  }

  /**
   * What comes before packet `i` of the batch: fragments given up that wait (`isWaiting`), then time that passed. Without the first, time
   * did. False when the stage is full.
   */
  #interlude(batch: PacketBatch, i: number, stage: Stage, isWaiting: boolean): boolean {
    const interludes = this.#interludes;
    const seconds = batch.seconds[i];
    if (isWaiting) {
      if (!interludes.stage(stage, this.#rows)) return false;
      if (seconds === this.#clock.seconds || !this.#clock.moves(seconds)) return true;
    }
    this.#tick(batch.numbers[i], seconds);
    return interludes.stage(stage, this.#rows);
  }

  /** The way of every packet that is not a common one. */
  #decoded(batch: PacketBatch, i: number, stage: Stage): void {
    const wireLength = batch.wireLength[i];
    const vlan = batch.vlan[i];
    const flags = batch.flags[i];
    const packets = packetsOf(batch, i);
    const ledger = this.#ledger;
    const c = this.#cursor;
    c.reset(batch.bytes, batch.view, batch.offset[i], batch.capturedLength[i], wireLength);
    if (vlan !== 0) {
      c.vlanOuter = vlan & 0xfff;
      c.vlanCount = 1;
    }
    decode(c, batch.linkType[i]);
    if (c.fault !== 0) ledger.count(`fault.${FAULT_NAMES[c.fault]}.${LAYER_NAMES[c.faultLayer]}`);
    if (c.ipVersion === 0) {
      ledger.outcome(c.fault === 0 ? OUT_NO_IP : OUT_BY_FAULT[c.fault], packets, wireLength);
      return;
    }
    const { checksums, interfaceInKey, icmpNotes } = this.#options;
    if (checksums !== 'ignore' && (flags & PACKET_CHECKSUM_PENDING) === 0 && this.#badChecksum(c)) {
      if (checksums === 'drop') {
        ledger.outcome(OUT_BAD_CHECKSUM, packets, wireLength);
        return;
      }
    }
    const interfaceId = interfaceInKey ? batch.interfaceId[i] : -1;
    const context = this.#contexts.id(c, interfaceId);
    const info = flags !== 0 ? seen(flags) : 0;
    if (c.fragment && (c.fragmentOffset !== 0 || c.moreFragments)) {
      ledger.outcome(OUT_FLOW, 1, wireLength);
      const number = batch.numbers[i];
      const now = this.#clock.seconds;
      const whole = this.#defragmenter.add(c, context, wireLength, number, batch.seconds[i], batch.nanos[i], now);
      if (whole !== null) this.#stageDatagram(stage, whole, batch, i, info);
      this.#interludes.giveUp(this.#defragmenter.takeGivenUp(), number + 1);
      return;
    }
    ledger.outcome(OUT_FLOW, packets, wireLength);
    const row = stage.count * ROW;
    this.#rows.packet(stage, c, context, i, -1, info);
    if ((stage.rows[row + ROW_INFO] & INFO_ICMP) !== 0 && icmpNotes) this.#rows.note(stage, c, context, i);
  }

  /**
   * Time goes on without packets: what is due by `seconds` becomes rows and ticks, before packet `number`. Call until it says
   * true, with an empty stage each time. Nothing happens before the first packet, and never may a packet's own time be overtaken.
   */
  passTime(stage: Stage, seconds: number, number: number): boolean {
    const clock = this.#clock;
    if (!this.#interludes.isWaiting && clock.seconds >= 0 && (seconds > clock.seconds || clock.isBehind(seconds)))
      this.#tick(number, seconds);
    return !this.#interludes.isWaiting || this.#interludes.stage(stage, this.#rows);
  }

  /** End of input: what still waits for fragments becomes rows. Call until it says true: all of them were staged. */
  finish(stage: Stage, lastPacket: number): boolean {
    this.#defragmenter.flush();
    this.#interludes.giveUp(this.#defragmenter.takeGivenUp(), lastPacket + 1);
    return this.#interludes.stage(stage, this.#rows);
  }

  /** Packets that were counted elsewhere; `number` is theirs in the order of things. Takes `ROWS_OF_A_COUNT` rows at most. */
  stageCount(stage: Stage, count: FlowCount, number: number): void {
    if (this.#clock.seconds < 0) {
      this.#tick(number, count.firstSeconds);
      this.#interludes.stage(stage, this.#rows);
    }
    const c = this.#cursor;
    c.vlanOuter = count.vlan;
    c.vlanInner = count.innerVlan;
    c.vlanCount = count.innerVlan !== 0 ? 2 : count.vlan !== 0 ? 1 : 0;
    c.virtualNetwork = 0;
    const context = this.#contexts.id(c, this.#options.interfaceInKey ? count.interfaceId : -1);
    this.#rows.count(stage, count, context, number);
    this.#ledger.outcome(OUT_FLOW, count.packets, count.bytes);
  }

  /** Packet time moves to `seconds` before packet `number`. */
  #tick(number: number, seconds: number): void {
    const epoch = this.#clock.advance(seconds);
    if (epoch) {
      this.#ledger.count('clock.epochs');
      this.#defragmenter.flush();
    } else this.#defragmenter.advance(seconds);
    this.#interludes.giveUp(this.#defragmenter.takeGivenUp(), number);
    this.#interludes.tick(number, seconds, epoch);
  }

  /**
   * A datagram that became whole by packet `packet` of the batch: decoded again from its start, with all its frames to its credit. It may be
   * a fragment itself, of a datagram that was cut before it went into a tunnel.
   */
  #stageDatagram(stage: Stage, d: Datagram, batch: PacketBatch, packet: number, info: number): void {
    const whole = wholeDatagram(d);
    const c = this.#cursor;
    decodeReassembled(c, whole, new DataView(whole.buffer), 0, whole.length, d.cuts.length > 0);
    if (c.fault !== 0) this.#ledger.count(`fault.${FAULT_NAMES[c.fault]}.${LAYER_NAMES[c.faultLayer]}`);
    const isFragment = c.fragment && (c.fragmentOffset !== 0 || c.moreFragments);
    if (c.ipVersion === 0 || (isFragment && d.nesting === MAX_NESTING)) {
      this.#rows.bare(stage, d);
      return;
    }
    const interfaceId = this.#options.interfaceInKey ? batch.interfaceId[packet] : -1;
    // The datagram may carry a tunnel of its own: the context is the outer one plus what was found inside.
    const context = this.#contexts.id(c, interfaceId);
    if (isFragment) {
      const { seconds, nanos } = batch;
      const now = this.#clock.seconds;
      const { frameBytes, lastPacket } = d;
      const inner = this.#defragmenter.add(c, context, frameBytes, lastPacket, seconds[packet], nanos[packet], now, d);
      if (inner !== null) this.#stageDatagram(stage, inner, batch, packet, info);
      return;
    }
    if (d.isCopy) {
      this.#rows.copy(stage, c, context, d);
      return;
    }
    stage.extras.push(extraOf(d, whole));
    const row = stage.count * ROW;
    this.#rows.packet(stage, c, context, packet, stage.extras.length - 1, info);
    if ((stage.rows[row + ROW_INFO] & INFO_ICMP) !== 0 && this.#options.icmpNotes)
      this.#rows.note(stage, c, context, packet);
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
