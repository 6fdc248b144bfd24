// Where facts of several flows meet. Facts come in the order (cause, first packet of the flow), whatever thread they were found in, so
// what is made of them is the same for every number of workers.

import { FlowView } from '../protocols/flow-view.ts';
import type { GatherContext, Gatherer, LossKind } from '../protocols/protocol.ts';
import type { RecordType } from '../records/record.ts';
import type { Enabled } from './candidates.ts';

/** Where the records go: with the cause and first packet that tell their place in the output. */
export type GatheredPut = (type: RecordType, record: object, flow: FlowView, cause: number, first: number) => void;

/** Who takes facts: the gathering itself, or, in an analysing thread, a queue on the way to it. */
export interface FactReceiver {
  take(protocol: string, fact: object, seconds: number, nanos: number, cause: number, first: number): void;
  tick(seconds: number, cause: number): void;
}

export class Gathering implements FactReceiver {
  readonly #gatherers = new Map<string, Gatherer>();
  readonly #put: GatheredPut;
  readonly #flow = new FlowView();
  #cause = 0;
  #first = 0;
  #due = Number.POSITIVE_INFINITY;
  #now = 0;

  constructor(enabled: readonly Enabled[], put: GatheredPut, count: (name: string, n: number) => void) {
    this.#put = put;
    for (const { protocol, options } of enabled) {
      if (protocol.gather === undefined) continue;
      const context: GatherContext = {
        emit: (type, record) => this.#put(type as RecordType, record, this.#flow, this.#cause, this.#first),
        count: (what: LossKind, n = 1) => count(`${protocol.name}.${what}`, n),
      };
      this.#gatherers.set(protocol.name, protocol.gather(context, options));
    }
  }

  /** A fact that an analyzer of `protocol` shared. */
  take(protocol: string, fact: object, seconds: number, nanos: number, cause: number, first: number): void {
    const gatherer = this.#gatherers.get(protocol);
    if (gatherer === undefined) return;
    this.#cause = cause;
    this.#first = first;
    gatherer.take(fact, seconds, nanos);
    this.#due = Math.min(this.#due, gatherer.due);
  }

  /** Packet time has reached this Unix second; one before the last says that a new epoch begins. */
  tick(seconds: number, cause: number): void {
    const isNewEpoch = seconds < this.#now;
    this.#now = seconds;
    if (isNewEpoch) this.#expireAll(cause, 0);
    if (seconds < this.#due) return;
    this.#cause = cause;
    this.#first = 0;
    this.#due = Number.POSITIVE_INFINITY;
    for (const gatherer of this.#gatherers.values()) {
      if (gatherer.due <= seconds) gatherer.expire(seconds);
      this.#due = Math.min(this.#due, gatherer.due);
    }
  }

  /** The input is over. */
  end(cause: number): void {
    this.#expireAll(cause, Number.MAX_SAFE_INTEGER);
  }

  #expireAll(cause: number, first: number): void {
    this.#cause = cause;
    this.#first = first;
    this.#due = Number.POSITIVE_INFINITY;
    for (const gatherer of this.#gatherers.values()) gatherer.expire(Number.POSITIVE_INFINITY);
  }
}
