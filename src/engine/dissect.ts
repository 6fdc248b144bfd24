// From packet batches to staged rows: decoding, tunnels, fragments, flow keys, the clock. Everything that must happen once and in
// order, before packets are spread over shards.
//
// Two ways lead to the same row: `common-packets.ts` reads the common packet in place; the decoder of `wire/` takes every other one. A property
// test holds them against each other.

import type { Stage } from '../flow/stage.ts';
import * as stageWords from '../flow/stage.ts';
import type { FlowCount } from '../sources/flow-count.ts';
import { PACKET_CHECKSUM_PENDING, PACKET_SEGMENTED, type PacketBatch } from '../sources/source.ts';
import { type Datagram, wholeDatagram } from '../stream/datagram.ts';
import { Defragmenter, type DefragmentOptions } from '../stream/defragment.ts';
import { checkTransport } from '../wire/checksum.ts';
import { CHECKSUM_NETWORK_BAD, CHECKSUM_TRANSPORT_BAD, Cursor, FAULT_NAMES } from '../wire/cursor.ts';
import { decode, decodeReassembled } from '../wire/decode.ts';
import { LAYER_NAMES } from '../wire/layers.ts';
import type { Clock } from './clock.ts';
import { type CommonParts, commonPackets, type StageCommon, seen } from './common-packets.ts';
import { Interludes, ROWS_OF_A_PACKET } from './interludes.ts';
import { KeyContexts } from './key-contexts.ts';
import { type Ledger, OUTCOMES } from './ledger.ts';
import { RowKeys } from './row-keys.ts';
import { extraOf, RowWriter } from './row-writer.ts';

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const { INFO_ICMP, ROW, ROW_INFO } = stageWords;

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
  readonly #rows: RowWriter;
  readonly #interludes = new Interludes();
  readonly #alwaysDecode: boolean;
  readonly #commonParts: CommonParts;
  /** The fast way for the batch and the stage at hand. A batch that had to grow has another view. */
  #common: StageCommon = stageNone;
  #commonView: DataView | undefined;
  #commonStage: Stage | undefined;

  constructor(options: DissectOptions, ledger: Ledger, clock: Clock, salts: readonly [number, number]) {
    this.#options = options;
    this.#ledger = ledger;
    this.#clock = clock;
    this.#contexts = new KeyContexts(ledger);
    this.#defragmenter = new Defragmenter(options.defragment, (event) => ledger.count(`fragments.${event}`));
    const keys = new RowKeys(salts);
    this.#rows = new RowWriter(keys);
    this.#alwaysDecode = options.checksums !== 'ignore';
    this.#cursor.wantChecksums = options.checksums !== 'ignore';
    const { interfaceInKey, headersOnly } = options;
    this.#commonParts = { salts, ledger, keys, contexts: this.#contexts, interfaceInKey, headersOnly };
  }

  /**
   * Stages packets [from, batch.count) until the stage is full; returns the index of the first packet that was not staged.
   * One packet fills at most three rows (itself, a note, given-up fragments apart, which are staged when there is room).
   */
  run(batch: PacketBatch, from: number, stage: Stage): number {
    const { seconds, count } = batch;
    const clock = this.#clock;
    const interludes = this.#interludes;
    const stageCommon = this.#alwaysDecode ? stageNone : this.#commonOf(batch, stage);
    const room = stage.capacity - ROWS_OF_A_PACKET;
    let i = from;
    while (i < count && stage.count < room) {
      const second = seconds[i];
      const { isWaiting } = interludes;
      if (
        (isWaiting || (second !== clock.seconds && clock.moves(second))) &&
        !this.#interlude(batch, i, stage, isWaiting)
      )
        break;
      // A packet from before packet time is counted as such, each.
      const to = second === clock.seconds ? count : i + 1;
      const next = stageCommon(i, to, stage.count);
      stage.count += next - i;
      i = next;
      if (i < to && stage.count < room && seconds[i] === second) this.#decoded(batch, i++, stage);
    }
    return i;
  }

  #commonOf(batch: PacketBatch, stage: Stage): StageCommon {
    if (batch.view !== this.#commonView || stage !== this.#commonStage) {
      this.#common = commonPackets(batch, stage, this.#commonParts);
      this.#commonView = batch.view;
      this.#commonStage = stage;
    }
    return this.#common;
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

/** All packets are decoded. */
const stageNone: StageCommon = (from) => from;
