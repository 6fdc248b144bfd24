// Several kinds of traffic on one wire, by weight.

import { ConversationTraffic } from './conversations.ts';
import { DnsTraffic } from './dns.ts';
import { EncapsulationTraffic } from './encapsulation.ts';
import { FlowsTraffic } from './flows.ts';
import type { Frame } from './frame.ts';
import { HttpTraffic } from './http.ts';
import type { Traffic } from './pcap-writer.ts';
import { Random } from './random.ts';
import { OTHER_SCRIPTS } from './scripts.ts';

/** Echo requests and replies of a few hosts. */
export class PingTraffic implements Traffic {
  readonly #random: Random;
  readonly #payload = new Uint8Array(48);
  #sequence = 0;
  #reply = false;
  #host = 0;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  packet(frame: Frame): void {
    if (!this.#reply) {
      this.#host = this.#random.below(64);
      this.#sequence = (this.#sequence + 1) & 0xffff;
    }
    const host = 0x0a030000 | this.#host;
    const target = 0x0a0300fe;
    const v6 = (this.#host & 3) === 0;
    frame.ethernet(this.#reply ? 0x100 : this.#host, this.#reply ? this.#host : 0x100);
    const from = this.#reply ? target : host;
    const to = this.#reply ? host : target;
    if (v6) frame.ip6(from, to).icmp(true, this.#reply ? 129 : 128, 0, ((this.#host << 16) | this.#sequence) >>> 0);
    else frame.ip4(from, to).icmp(false, this.#reply ? 0 : 8, 0, ((this.#host << 16) | this.#sequence) >>> 0);
    frame.payload(this.#payload, 0, 48);
    this.#reply = !this.#reply;
  }
}

export class MixedTraffic implements Traffic {
  readonly #random: Random;
  readonly #parts: readonly (readonly [Traffic, number])[];
  readonly #sum: number;

  constructor(parts: readonly (readonly [Traffic, number])[], seed: number) {
    this.#parts = parts;
    this.#random = new Random(seed);
    this.#sum = parts.reduce((sum, [, weight]) => sum + weight, 0);
  }

  packet(frame: Frame, seconds: number): void {
    let roll = this.#random.below(this.#sum);
    for (const [traffic, weight] of this.#parts) {
      if (roll < weight) {
        traffic.packet(frame, seconds);
        return;
      }
      roll -= weight;
    }
  }
}

/** An office's wire: web, names, other flows, tunnels and pings. `newcomers`: see FlowsTraffic. */
export function officeTraffic(flows: number, seed: number, newcomers?: number): MixedTraffic {
  return new MixedTraffic(
    [
      [new HttpTraffic({ seed: seed + 1, connections: 200, v6: 0.2 }), 45],
      [new DnsTraffic({ seed: seed + 2, v6: 0.2 }), 15],
      [new FlowsTraffic({ flows, v6: 0.2, sizes: [60, 700], seed: seed + 3, newcomers }), 33],
      [new EncapsulationTraffic(seed + 4), 5],
      [new PingTraffic(seed + 5), 2],
    ],
    seed,
  );
}

/** Every protocol that is analysed, on one wire: half of the packets belong to transactions of the less common ones. */
export function allProtocols(flows: number, seed: number): MixedTraffic {
  return new MixedTraffic(
    [
      [officeTraffic(flows, seed + 10), 50],
      [new ConversationTraffic(OTHER_SCRIPTS, { seed: seed + 11, atOnce: 300, v6: 0.2 }), 50],
    ],
    seed,
  );
}
