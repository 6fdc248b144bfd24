// Which protocol a flow speaks: the candidates of its transport, those of its ports first, asked with what both sides say until one
// says yes or all say no. What `--decode-as` names is believed without being asked, until it can not read what comes.

import type { Direction, Transport } from '../protocols/protocol.ts';
import { Candidates, type Enabled } from './candidates.ts';

export interface ForcedPort {
  transport: Transport;
  port: number;
  protocol: string;
}

export class Detection {
  readonly enabled: readonly Enabled[];
  readonly #byTransport = new Map<Transport, Candidates>();
  readonly #byName = new Map<string, Enabled>();
  readonly #forced = new Map<string, string>();

  /** `transports`: those that are looked into; unless told, all that somebody is for. */
  constructor(enabled: readonly Enabled[], forced: readonly ForcedPort[], transports?: ReadonlySet<Transport>) {
    this.enabled = enabled;
    for (const one of enabled) this.#byName.set(one.protocol.name, one);
    for (const transport of transports ?? new Set(enabled.flatMap(({ protocol }) => protocol.transports))) {
      const all = enabled.filter(({ protocol }) => protocol.transports.includes(transport));
      this.#byTransport.set(transport, new Candidates(all));
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

  /**
   * The answer of all candidates to the first bytes of one direction, those of the flow's ports first: the protocol that said yes,
   * `'more'` when one wants to see more, null when all said no. `seen` bytes were there when they were asked before.
   */
  probe(
    transport: Transport,
    portA: number,
    portB: number,
    refused: ReadonlySet<Enabled> | undefined,
    direction: Direction,
    bytes: Uint8Array,
    from: number,
    to: number,
    seen: number,
  ): Enabled | 'more' | null {
    const candidates = this.#byTransport.get(transport);
    if (candidates === undefined) return null;
    const { all, hinted } = candidates.between(portA, portB);
    let more = false;
    for (let i = 0; i < all.length; i++) {
      const candidate = all[i];
      if (refused?.has(candidate)) continue;
      const answer = candidate.protocol.probe(direction, bytes, from, to, i < hinted, transport, seen);
      if (answer === 'yes') return candidate;
      if (answer === 'more') more = true;
    }
    return more ? 'more' : null;
  }

  /** Whose beginning these bytes of a stream are beyond doubt, though what comes behind them never will; undefined: nobody's. */
  probePart(
    transport: Transport,
    portA: number,
    portB: number,
    refused: ReadonlySet<Enabled> | undefined,
    bytes: Uint8Array,
    from: number,
    to: number,
  ): Enabled | undefined {
    const all = this.#byTransport.get(transport)?.between(portA, portB).all;
    return all?.find((one) => refused?.has(one) !== true && one.protocol.probePart?.(bytes, from, to) === true);
  }
}
