// The protocols of one transport in the order in which they are asked: those first that have one of the flow's ports among theirs.

import type { Protocol } from '../protocols/protocol.ts';

/** A protocol with its options parsed, ready to open analyzers. */
export interface Enabled {
  protocol: Protocol;
  options: unknown;
  ports: ReadonlySet<number>;
  /** Number of its name in the flow table. */
  application: number;
}

/** The first `hinted` of them have one of the ports. */
export interface Order {
  readonly all: readonly Enabled[];
  readonly hinted: number;
}

export class Candidates {
  readonly #all: readonly Enabled[];
  readonly #unhinted: Order;
  /** Port to a number of its own, from 1: few ports are anybody's, and two numbers are one key. */
  readonly #numbers = new Map<number, number>();
  readonly #orders = new Map<number, Order>();

  constructor(all: readonly Enabled[]) {
    this.#all = all;
    this.#unhinted = { all, hinted: 0 };
    for (const { ports } of all)
      for (const port of ports) if (!this.#numbers.has(port)) this.#numbers.set(port, this.#numbers.size + 1);
  }

  between(portA: number, portB: number): Order {
    const a = this.#numbers.get(portA) ?? 0;
    const b = this.#numbers.get(portB) ?? 0;
    if (a === 0 && b === 0) return this.#unhinted;
    const key = a * 0x1_0000 + b;
    let order = this.#orders.get(key);
    if (order === undefined) {
      const isHinted = ({ ports }: Enabled) => ports.has(portA) || ports.has(portB);
      const hinted = this.#all.filter(isHinted);
      order = { all: [...hinted, ...this.#all.filter((one) => !isHinted(one))], hinted: hinted.length };
      this.#orders.set(key, order);
    }
    return order;
  }
}
