// What comes before the next packet: fragments that were given up, then time that passed. The order of rows never depends on where a
// batch or a stage ends.

import type { Stage, Tick } from '../flow/stage.ts';
import type { Datagram } from '../stream/datagram.ts';
import type { RowWriter } from './row-writer.ts';

/** Rows that the packet behind them may fill. */
export const ROWS_OF_A_PACKET = 4;

/**
 * What was given up just before the same packet has one cause, and yet an order: records of one cause are put in order only where they are handed
 * on together. So each has a part of a packet's number, less than what is between two phases (`causeOf`).
 */
const PARTS = 2 ** 20;
const MOST_PARTS = PARTS / 8;

export class Interludes {
  /** Something has to be staged before a packet is. */
  isWaiting = false;
  #tick: Tick | null = null;
  readonly #givenUp: Datagram[] = [];
  #cause = -1;
  #part = 0;

  /** Fragments were given up just before packet `cause`. */
  giveUp(datagrams: Iterable<Datagram>, cause: number): void {
    if (cause !== this.#cause) this.#part = 0;
    this.#cause = cause;
    for (const datagram of datagrams) {
      this.#givenUp.push({ ...datagram, lastPacket: cause + this.#part / PARTS });
      if (this.#part < MOST_PARTS) this.#part++;
      this.isWaiting = true;
    }
  }

  /** Packet time moved to `seconds` before packet `packet`. Only when nothing is waiting but fragments. */
  tick(packet: number, seconds: number, epoch: boolean): void {
    this.#tick = { row: 0, packet, seconds, epoch };
    this.isWaiting = true;
  }

  /** Stages what waits. False when the stage is full: call again with an empty one. */
  stage(stage: Stage, rows: RowWriter): boolean {
    let staged = 0;
    for (const datagram of this.#givenUp) {
      if (stage.count >= stage.capacity - ROWS_OF_A_PACKET) break;
      rows.bare(stage, datagram);
      staged++;
    }
    this.#givenUp.splice(0, staged);
    if (this.#givenUp.length > 0) return false;
    if (this.#tick !== null) {
      this.#tick.row = stage.count;
      stage.ticks.push(this.#tick);
      this.#tick = null;
    }
    this.isWaiting = false;
    return true;
  }
}
