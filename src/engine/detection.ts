// Which protocol a flow speaks: the candidates of its transport, those of its ports first, asked with what both sides say until one
// says yes or all say no. `--decode-as` leaves no choice.

import type { Direction, Protocol, Transport } from '../protocols/protocol.ts';

/** A protocol with its options parsed, ready to open analyzers. */
export interface Enabled {
  protocol: Protocol;
  options: unknown;
  ports: ReadonlySet<number>;
  /** Number of its name in the flow table. */
  application: number;
}

export interface ForcedPort {
  transport: Transport;
  port: number;
  protocol: string;
}

export class Detection {
  readonly enabled: readonly Enabled[];
  readonly #byTransport = new Map<Transport, Enabled[]>();
  readonly #byName = new Map<string, Enabled>();
  readonly #forced = new Map<string, string>();
  readonly #orders = new Map<number, Enabled[]>();

  constructor(enabled: readonly Enabled[], forced: readonly ForcedPort[]) {
    this.enabled = enabled;
    for (const one of enabled) {
      this.#byName.set(one.protocol.name, one);
      for (const transport of one.protocol.transports) {
        const list = this.#byTransport.get(transport) ?? [];
        list.push(one);
        this.#byTransport.set(transport, list);
      }
    }
    for (const { transport, port, protocol } of forced) this.#forced.set(`${transport}/${port}`, protocol);
  }

  named(name: string): Enabled | undefined {
    return this.#byName.get(name);
  }

  /** Is anything analysed on this transport? */
  wants(transport: Transport): boolean {
    return this.#byTransport.has(transport);
  }

  forced(transport: Transport, portA: number, portB: number): Enabled | undefined {
    if (this.#forced.size === 0) return undefined;
    const name = this.#forced.get(`${transport}/${portA}`) ?? this.#forced.get(`${transport}/${portB}`);
    return name === undefined ? undefined : this.#byName.get(name);
  }

  /** Candidates for a flow between these ports, hinted ones first. */
  candidates(transport: Transport, portA: number, portB: number): readonly Enabled[] {
    const all = this.#byTransport.get(transport);
    if (all === undefined) return [];
    let mask = 0;
    for (let i = 0; i < all.length && i < 24; i++)
      if (all[i].ports.has(portA) || all[i].ports.has(portB)) mask |= 1 << i;
    if (mask === 0) return all;
    const key = mask * 8 + TRANSPORT_NUMBER[transport];
    let order = this.#orders.get(key);
    if (order === undefined) {
      order = [...all.filter((_, i) => (mask & (1 << i)) !== 0), ...all.filter((_, i) => (mask & (1 << i)) === 0)];
      this.#orders.set(key, order);
    }
    return order;
  }
}

const TRANSPORT_NUMBER: Readonly<Record<Transport, number>> = { tcp: 0, udp: 1, icmp: 2, icmpv6: 3, sctp: 4 };

/**
 * The answer of all candidates to the first bytes of one direction: the protocol that said yes, `'more'` when one wants to see more,
 * null when all said no.
 */
export function probeAll(
  candidates: readonly Enabled[],
  refused: ReadonlySet<Enabled> | undefined,
  direction: Direction,
  bytes: Uint8Array,
  from: number,
  to: number,
  transport: Transport,
  portA: number,
  portB: number,
): Enabled | 'more' | null {
  let more = false;
  for (const candidate of candidates) {
    if (refused?.has(candidate)) continue;
    const hinted = candidate.ports.has(portA) || candidate.ports.has(portB);
    const answer = candidate.protocol.probe(direction, bytes, from, to, hinted, transport);
    if (answer === 'yes') return candidate;
    if (answer === 'more') more = true;
  }
  return more ? 'more' : null;
}
