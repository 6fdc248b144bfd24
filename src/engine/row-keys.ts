// Fills the words of a row that say whose packet it is: both ends in order, ports, hash and shard.

import { foldV6, shardOf, tableHash } from '../flow/hash.ts';
import type { Stage } from '../flow/stage.ts';
import * as stageWords from '../flow/stage.ts';
import { wideHash } from '../flow/table.ts';

// A module's own constants become part of its machine code, imported ones are read each time, with checks: see docs/decisions.md.
const {
  INFO_MULTICAST,
  INFO_REVERSE,
  INFO_V6,
  ROW,
  ROW_A,
  ROW_B,
  ROW_HASH,
  ROW_INFO,
  ROW_PORTS,
  ROW_PROTOCOL,
  ROW_SHARD,
  WIDE,
} = stageWords;

export class RowKeys {
  readonly #salt0: number;
  readonly #salt1: number;

  /** `salts`: the process's secret, the same that the flow tables have. */
  constructor(salts: readonly [number, number]) {
    this.#salt0 = salts[0];
    this.#salt1 = salts[1];
  }

  /** Reads the addresses behind the network header at `network` and fills the key words of a row. */
  header(
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
      const at = (row / ROW) * WIDE;
      for (let k = 0; k < 8; k++) w[at + k] = view.getInt32(network + 8 + 4 * k);
      if (w[at + 4] >>> 24 === 0xff) info |= INFO_MULTICAST;
      this.wide(stage, row, at, protocol, sourcePort, destinationPort, context, info);
    } else {
      const b = view.getInt32(network + 16);
      if (b >>> 28 === 14 || b === -1) info |= INFO_MULTICAST;
      this.narrow(stage, row, view.getInt32(network + 12), b, protocol, sourcePort, destinationPort, context, info);
    }
  }

  /** The key of an IPv4 row. */
  narrow(
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
  wide(
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

  /** Addresses as four words each, an IPv4 address in the last. */
  words(
    stage: Stage,
    row: number,
    v6: boolean,
    source: ArrayLike<number>,
    destination: ArrayLike<number>,
    protocol: number,
    sourcePort: number,
    destinationPort: number,
    context: number,
    info: number,
  ): void {
    if (v6) {
      const at = (row / ROW) * WIDE;
      for (let k = 0; k < 4; k++) {
        stage.wide[at + k] = source[k];
        stage.wide[at + 4 + k] = destination[k];
      }
      this.wide(stage, row, at, protocol, sourcePort, destinationPort, context, info);
    } else this.narrow(stage, row, source[3], destination[3], protocol, sourcePort, destinationPort, context, info);
  }
}
