// The flows of one interface between two rotations, with goProbe's rules: who began is decided when a flow is first seen and stays so; a
// flow that saw traffic is kept for one more interval with counters of zero, so that it keeps its direction; one that saw none leaves.
//
// Unlike goProbe's, the log has a limit: what comes when it is full of flows is counted as overflow, never in silence.

import { CERTAIN, LIKELY, senderBegan } from '../flow/initiator.ts';
import { INFO_ICMP, INFO_MULTICAST, INFO_PORTS, INFO_TCP, INFO_V6 } from '../flow/stage.ts';
import { PROTOCOL_ICMP, PROTOCOL_ICMPV6, PROTOCOL_TCP, PROTOCOL_UDP } from './ep-hash.ts';
import { type Flow, type FlowInfo, PACKET_OUTGOING_TYPE } from './flow.ts';
import { AggFlowMap, flowAt, keyAt } from './flow-map.ts';
import { BYTES_RCVD, BYTES_SENT, COUNTERS, KeyTable, PACKETS_RCVD, PACKETS_SENT, ROW_CONFIDENT } from './key-table.ts';
import { PacketKey } from './packet-key.ts';
import { ERRNO_OK, type ParsingErrno } from './parsing-error.ts';

export const DEFAULT_MAX_FLOWS = 4 * 1024 * 1024;

export interface FlowLogOptions {
  /** Flows at most, of each family. */
  maxFlows?: number;
  /** Leave out clients' ports where the service's port is a common one (default). */
  elidePorts?: boolean;
}

export interface Rotation {
  /** Flows with traffic since the last rotation, summed up without the client's port. */
  aggregate: AggFlowMap;
  totals: Flow;
}

export interface SteppedRotation extends Rotation {
  /** Goes on for so many rows. True when done: only then are the results whole. */
  step(rows: number): boolean;
}

export class FlowLog {
  readonly v4: KeyTable;
  readonly v6: KeyTable;
  /** Packets and bytes since the last rotation that found no room. */
  overflowPackets = 0;
  overflowBytes = 0;
  /** The same packets since the beginning. */
  overflowTotal = 0;
  readonly #key: PacketKey;

  constructor(options: FlowLogOptions = {}) {
    const { maxFlows = DEFAULT_MAX_FLOWS } = options;
    this.v4 = new KeyTable(true, maxFlows);
    this.v6 = new KeyTable(false, maxFlows);
    this.#key = new PacketKey(options.elidePorts);
  }

  /** Flows held, those with nothing since the last rotation too. */
  get size(): number {
    return this.v4.size + this.v6.size;
  }

  /** Reads the IP packet at [from, to) and counts it; `packetSize` is the frame's length on the wire. */
  addPacket(
    bytes: Uint8Array,
    view: DataView,
    from: number,
    to: number,
    packetType: number,
    packetSize: number,
  ): ParsingErrno {
    const errno = this.#key.read(bytes, view, from, to);
    if (errno === ERRNO_OK) this.add(this.#key, packetType, packetSize, 1);
    return errno;
  }

  /** Counts `packets` packets (a super-packet stands for several) of a flow. */
  add(key: PacketKey, packetType: number, packetSize: number, packets: number): void {
    const table = key.isV4 ? this.v4 : this.v6;
    const { words } = key;
    // Which side to look for first, guessed by the ports: the service's side is seldom the lower one.
    const sport = key.sourcePort;
    const dport = key.destinationPort;
    const reverseFirst = sport !== 0 && (dport === 0 || sport < dport);
    let row = table.find(words, 0, reverseFirst);
    if (row < 0) row = table.find(words, 0, !reverseFirst);
    if (row < 0) {
      const answer = began(key);
      row = table.insert(words, 0, (answer & 1) === 0);
      if (row < 0) {
        this.overflowPackets += packets;
        this.overflowTotal += packets;
        this.overflowBytes += packetSize;
        return;
      }
      if (answer >> 1 >= LIKELY && isSeen(key, answer >> 1)) table.state[row] = ROW_CONFIDENT;
    }
    const at = row * COUNTERS;
    const { counters } = table;
    if (packetType === PACKET_OUTGOING_TYPE) {
      counters[at + BYTES_SENT] += packetSize;
      counters[at + PACKETS_SENT] += packets;
    } else {
      counters[at + BYTES_RCVD] += packetSize;
      counters[at + PACKETS_RCVD] += packets;
    }
  }

  /** Sums up what came since the last rotation, sets the counters to zero, lets idle flows go. */
  rotate(): Rotation {
    const rotation = this.beginRotation();
    rotation.step(Number.POSITIVE_INFINITY);
    return rotation;
  }

  /** The same in steps of so many rows, until one says true. The log must be left alone meanwhile. */
  beginRotation(): SteppedRotation {
    const walk = this.#walk((table, row) => {
      if (isIdle(table, row)) table.remove(row);
      else table.counters.fill(0, row * COUNTERS, (row + 1) * COUNTERS);
    });
    const step = (rows: number): boolean => {
      if (!walk.step(rows)) return false;
      this.overflowPackets = 0;
      this.overflowBytes = 0;
      return true;
    };
    return { ...walk, step };
  }

  /** What a rotation would give; nothing changes. */
  aggregate(): Rotation {
    const walk = this.beginAggregation();
    walk.step(Number.POSITIVE_INFINITY);
    return walk;
  }

  /** The same in steps, as `beginRotation`. */
  beginAggregation(): SteppedRotation {
    return this.#walk(() => undefined);
  }

  #walk(visited: (table: KeyTable, row: number) => void): SteppedRotation {
    const aggregate = new AggFlowMap();
    const totals = emptyFlow();
    const tables = [this.v4, this.v6];
    let at = 0;
    let row = 0;
    const step = (rows: number): boolean => {
      for (let left = rows; at < tables.length; at++, row = 0) {
        const table = tables[at];
        for (; row < table.rows; row++) {
          if (left-- <= 0) return false;
          if (!table.isLive(row)) continue;
          if (!isIdle(table, row)) {
            sum(totals, table, row);
            aggregate.add(table, row);
          }
          visited(table, row);
        }
      }
      return true;
    };
    return { aggregate, totals, step };
  }

  /** Every flow, IPv4 first. */
  *flows(): Generator<FlowInfo> {
    for (const table of [this.v4, this.v6]) {
      for (let row = 0; row < table.rows; row++) {
        if (!table.isLive(row)) continue;
        yield {
          idle: isIdle(table, row),
          direction_confidence_high: (table.state[row] & ROW_CONFIDENT) !== 0,
          flow: { ...keyAt(table, row), ...flowAt(table, row) },
        };
      }
    }
  }

  toJSON(): FlowInfo[] {
    return [...this.flows()];
  }
}

/** Who began, by the sender's first packet; see `senderBegan`. */
function began(key: PacketKey): number {
  const protocol = key.protocol;
  if (protocol === PROTOCOL_TCP)
    return senderBegan(INFO_TCP | INFO_PORTS, key.auxInfo, key.sourcePort, key.destinationPort);
  const multicast = isMulticast(key) ? INFO_MULTICAST : 0;
  if (protocol === PROTOCOL_UDP) return senderBegan(INFO_PORTS | multicast, 0, key.sourcePort, key.destinationPort);
  if (key.isV4 && protocol === PROTOCOL_ICMP) return senderBegan(INFO_ICMP, 0, key.auxInfo, 0);
  if (!key.isV4 && protocol === PROTOCOL_ICMPV6) return senderBegan(INFO_ICMP | INFO_V6 | multicast, 0, key.auxInfo, 0);
  return senderBegan(0, 0, 0, 0);
}

/** Flags, multicast and kinds of messages are seen; that one port looks like a client's is a guess. */
function isSeen(key: PacketKey, confidence: number): boolean {
  return confidence === CERTAIN || isMulticast(key) || (key.sourcePort === 0 && key.destinationPort === 0);
}

function isMulticast(key: PacketKey): boolean {
  if (key.isV4) return key.words[1] >>> 28 === 14 || key.words[1] === -1;
  return key.words[4] >>> 24 === 0xff;
}

function isIdle(table: KeyTable, row: number): boolean {
  return table.counters[row * COUNTERS + PACKETS_RCVD] === 0 && table.counters[row * COUNTERS + PACKETS_SENT] === 0;
}

function emptyFlow(): Flow {
  return { bytesRcvd: 0, bytesSent: 0, packetsRcvd: 0, packetsSent: 0 };
}

function sum(totals: Flow, table: KeyTable, row: number): void {
  const at = row * COUNTERS;
  totals.bytesRcvd += table.counters[at + BYTES_RCVD];
  totals.bytesSent += table.counters[at + BYTES_SENT];
  totals.packetsRcvd += table.counters[at + PACKETS_RCVD];
  totals.packetsSent += table.counters[at + PACKETS_SENT];
}
