// The fast way from packets to staged rows: Ethernet, IPv4 without options or IPv6 without extension headers, whole, TCP or UDP, read in
// place. Every other packet is the general decoder's (`dissect.ts`).

import * as hash from '../flow/hash.ts';
import * as layout from '../flow/layout.ts';
import type { Stage } from '../flow/stage.ts';
import * as stageWords from '../flow/stage.ts';
import type { PacketBatch } from '../sources/source.ts';
import * as sourceWords from '../sources/source.ts';
import * as udp from '../wire/udp.ts';
import { ROWS_OF_A_PACKET } from './interludes.ts';
import type { KeyContexts } from './key-contexts.ts';
import { type Ledger, OUTCOMES } from './ledger.ts';
import type { RowKeys } from './row-keys.ts';

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const {
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
const { shardOf, tableHash } = hash;
const { isTunnelPort } = udp;
const { PACKET_DIRECTION_KNOWN, PACKET_OUTGOING, PACKET_SEGMENTED } = sourceWords;

const LINKTYPE_ETHERNET = 1;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const SYN_FIN_RST_ACK = SYN | FIN | RST | ACK;
const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;
/** Bytes of an Ethernet header; of that, an IPv4 or IPv6 header and eight bytes of transport. */
const ETHERNET = 14;
const LEAST_IPV4 = 42;
const LEAST_IPV6 = 62;
/** The bytes of a batch are fewer: V8 knows then that what is added to a packet's place cannot overflow, and does not check. */
const OFFSET_MASK = 0x3fff_ffff;

const OUT_FLOW = OUTCOMES.indexOf('flow');

/** What the dissector shares with it. */
export interface CommonParts {
  readonly salts: readonly [number, number];
  readonly ledger: Ledger;
  readonly keys: RowKeys;
  readonly contexts: KeyContexts;
  /** As in `DissectOptions`. */
  readonly interfaceInKey: boolean;
  readonly headersOnly: boolean;
}

/**
 * Stages packets [from, to) of the batch, one row each from row `staged` of the stage on, as long as there is room, the packets are common
 * ones and have the time of the first of them, in seconds. Returns the first packet that was not staged.
 */
export type StageCommon = (from: number, to: number, staged: number) => number;

/**
 * The function for one batch and one stage. It has them as constants: where only one such function was made, as in a process that reads
 * files, V8 puts the places and lengths of their arrays into its machine code (docs/decisions.md).
 */
export function commonPackets(batch: PacketBatch, stage: Stage, parts: CommonParts): StageCommon {
  const { view, offset, capturedLength, wireLength, linkType, vlan, seconds, segments, interfaceId } = batch;
  const flagsOf = batch.flags;
  const hashes = stage.column(ROW_HASH);
  const shards = stage.column(ROW_SHARD);
  const lowers = stage.column(ROW_A);
  const highers = stage.column(ROW_B);
  const portPairs = stage.column(ROW_PORTS);
  const protocols = stage.column(ROW_PROTOCOL);
  const infos = stage.column(ROW_INFO);
  const packetsOf = stage.column(ROW_PACKET);
  const transports = stage.column(ROW_TRANSPORT);
  const payloadLengths = stage.column(ROW_PAYLOAD_LENGTH);
  const marksOf = stage.column(ROW_MARKS);
  const sequences = stage.column(ROW_SEQUENCE);
  const payloads = stage.column(ROW_PAYLOAD);
  const payloadEnds = stage.column(ROW_PAYLOAD_END);
  const networks = stage.column(ROW_NETWORK);
  const extras = stage.column(ROW_EXTRA);
  const { ledger, keys, contexts, interfaceInKey, headersOnly } = parts;
  const [salt0, salt1] = parts.salts;
  const room = stage.capacity - ROWS_OF_A_PACKET;
  const entryMask = rangeMask(offset.length);
  const rowMask = rangeMask(stage.capacity);

  return (from, to, staged) => {
    const begin = from | 0;
    const end = Math.min(to, begin + room - staged) | 0;
    const second = seconds[begin];
    let row = staged | 0;
    let packets = 0;
    let bytes = 0;
    let i = begin;
    for (; i < end; i++) {
      const entry = i & entryMask;
      const captured = capturedLength[entry] | 0;
      if (seconds[entry] !== second || linkType[entry] !== LINKTYPE_ETHERNET) break;
      if (captured < LEAST_IPV4 || vlan[entry] !== 0) break;
      const o = offset[entry] & OFFSET_MASK;
      const l3 = o + ETHERNET;
      const etherType = view.getUint16(o + 12);
      let protocol: number;
      let transport: number;
      let ipEnd: number;
      let marks: number;
      if (etherType === ETHERTYPE_IPV4) {
        // Version, header length, TOS, total length; flags and fragment offset; TTL and protocol: words, for each read has a check of its own.
        const first = view.getInt32(l3);
        if (first >>> 24 !== 0x45 || (view.getInt32(l3 + 4) & 0x3fff) !== 0) break;
        const third = view.getInt32(l3 + 8);
        protocol = (third >>> 16) & 0xff;
        transport = l3 + 20;
        ipEnd = l3 + (first & 0xffff);
        marks = ((third >>> 16) & 0xff00) | ((first >>> 2) & 0x3f0000);
      } else if (etherType === ETHERTYPE_IPV6 && captured >= LEAST_IPV6) {
        const first = view.getInt32(l3);
        const second = view.getInt32(l3 + 4);
        const length = second >>> 16;
        if (first >>> 28 !== 6 || length === 0) break;
        protocol = (second >>> 8) & 0xff;
        transport = l3 + 40;
        ipEnd = transport + length;
        marks = ((second & 0xff) << 8) | ((first >>> 6) & 0x3f0000);
      } else break;
      const frame = wireLength[entry];
      const inFrame = (ipEnd - o) & 0x1ffff;
      if (inFrame > captured && inFrame > frame) break;
      const end = inFrame < captured ? ipEnd : o + captured;
      let payload: number;
      let info: number;
      let sequence = 0;
      const ports = view.getInt32(transport);
      if (protocol === PROTOCOL_TCP) {
        if (transport + 20 > end) break;
        const word = view.getInt32(transport + 12);
        const dataOffset = (word >>> 28) << 2;
        payload = transport + dataOffset;
        if (dataOffset < 20 || payload > end) break;
        const flags = (word >>> 16) & 0xff;
        marks |= flags;
        info = INFO_TCP | INFO_PORTS;
        if ((flags & SYN_FIN_RST_ACK) !== ACK || (word & 0xffff) === 0) info |= INFO_SPECIAL;
        sequence = view.getInt32(transport + 4);
      } else if (protocol === PROTOCOL_UDP) {
        payload = transport + 8;
        if (payload > end || transport + view.getUint16(transport + 4) !== ipEnd) break;
        if (isTunnelPort(ports >>> 16) || isTunnelPort(ports & 0xffff)) break;
        info = INFO_PORTS;
      } else break;
      if (flagsOf[entry] !== 0) {
        info |= seen(flagsOf[entry]);
        if ((info & INFO_SEGMENTED) !== 0) packets += segments[entry] - 1;
      }
      const at = (row & rowMask) * ROW;
      const context = interfaceInKey ? contexts.ofInterface(interfaceId[entry]) : 0;
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
        hashes[at] = tableHash(a, b, pair, keyed, salt0, salt1);
        shards[at] = shardOf(a, b, pair, keyed);
        lowers[at] = a;
        highers[at] = b;
        portPairs[at] = pair;
        protocols[at] = keyed;
        infos[at] = info;
      } else keys.header(stage, at, true, view, l3, protocol, ports >>> 16, ports & 0xffff, context, info);
      packetsOf[at] = i;
      transports[at] = transport;
      payloadLengths[at] = ipEnd - payload;
      marksOf[at] = marks;
      sequences[at] = sequence;
      if (!headersOnly) {
        payloads[at] = payload;
        payloadEnds[at] = end;
        networks[at] = l3;
        extras[at] = -1;
      }
      row++;
      bytes += frame;
    }
    ledger.packets[OUT_FLOW] += packets + i - begin;
    ledger.bytes[OUT_FLOW] += bytes;
    return i;
  };
}

/** `INFO_…` bits of what is known of a packet beside its bytes: `PacketBatch.flags`. */
export function seen(flags: number): number {
  const segmented = (flags & PACKET_SEGMENTED) !== 0 ? INFO_SEGMENTED : 0;
  if ((flags & PACKET_DIRECTION_KNOWN) === 0) return segmented;
  return segmented | (((flags & PACKET_OUTGOING) !== 0 ? 1 : 2) << INFO_SEEN_SHIFT);
}

/**
 * The bits of numbers below `count`. Those of an array's length that is a power of two spare V8 the look whether an index is inside; others change
 * nothing.
 */
function rangeMask(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, count))) - 1;
}
