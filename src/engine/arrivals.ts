// Records that arrive from capturing threads, on their way to the sinks: one batch after the other, in the order in which they came.

import type { Delivery } from './delivery.ts';
import { type Arriving, CONTROL_WAITING } from './live-messages.ts';

export class Arrivals {
  /** Set once a sink has failed: what comes afterwards is passed over. */
  failure: Error | undefined;
  readonly #control: Int32Array;
  readonly #failed: (error: Error) => void;
  #tail: Promise<void>;

  /** Nothing is given on before `begin`. `failed` hears of the sink that failed first. */
  constructor(control: Int32Array, begin: Promise<void>, failed: (error: Error) => void) {
    this.#control = control;
    this.#failed = failed;
    this.#tail = begin;
  }

  take(message: Arriving, delivery: Delivery): void {
    const give = () => (message.kind === 'rows' ? delivery.rows(message.rows) : delivery.columns(message.columns));
    this.#tail = this.#tail
      .then(() => (this.failure === undefined ? give() : undefined))
      .catch((error: Error) => {
        this.failure = error;
        this.#failed(error);
      })
      .finally(() => Atomics.sub(this.#control, CONTROL_WAITING, message.bytes));
  }

  /** Resolves when everything that has arrived was given on. */
  async settled(): Promise<void> {
    for (let tail: Promise<void> | undefined; tail !== this.#tail; ) {
      tail = this.#tail;
      await tail;
    }
  }
}
