// The same kind of inner traffic in every wrapping: plain IPv4 a third of the time, else VLAN, QinQ, PPPoE, MPLS, GRE, VXLAN, and
// IPv6 with and without an extension header.

import { ACK, type Frame, PSH, VXLAN_PORT } from './frame.ts';
import type { Traffic } from './pcap-writer.ts';
import { mix, Random } from './random.ts';

const FLOWS = 10_000;
const POOL = Uint8Array.from({ length: 2048 }, (_, i) => mix(i, 77));
const WRAPPINGS = ['vlan', 'qinq', 'pppoe', 'mpls', 'gre', 'vxlan', 'ipv6', 'ipv6', 'ipv6-options'] as const;
const PLAIN_SHARE = 0.35;

export class EncapsulationTraffic implements Traffic {
  readonly #random: Random;
  readonly #sequence = new Uint32Array(FLOWS * 2);

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  packet(frame: Frame): void {
    const random = this.#random;
    const flow = random.below(FLOWS);
    const kind = mix(flow, 3);
    const back = random.chance(0.5);
    const wrapping = (kind & 1023) < PLAIN_SHARE * 1024 ? 'plain' : WRAPPINGS[(kind >>> 10) % WRAPPINGS.length];
    frame.ethernet(back ? 0x300 : 0x301, back ? 0x301 : 0x300);
    const near = 0xac100000 | (kind & 7);
    const far = 0xac100100 | (kind & 7);
    if (wrapping === 'vlan') frame.vlan(100 + (kind & 15));
    else if (wrapping === 'qinq') frame.vlan(200 + (kind & 3), true).vlan(100 + (kind & 15));
    else if (wrapping === 'pppoe') frame.pppoe(1 + (kind & 255));
    else if (wrapping === 'mpls') frame.mpls(back ? 17_000 : 16_000, false).mpls(back ? 300_001 : 300_000, true);
    else if (wrapping === 'gre') frame.ip4(back ? far : near, back ? near : far, 250).gre(kind & 15);
    else if (wrapping === 'vxlan') {
      frame
        .ip4(back ? far : near, back ? near : far, 63)
        .udp(49_152 + (kind & 4095), VXLAN_PORT, false)
        .vxlan(5000 + (kind & 15));
      frame.ethernet(back ? 0x400 : 0x401, back ? 0x401 : 0x400);
    }
    const client = 0x0a000000 | (mix(flow, 4) & 0xffffff);
    const server = 0x64400000 | (mix(flow, 5) & 0xffff);
    if (wrapping === 'ipv6' || wrapping === 'ipv6-options') {
      frame.ip6(back ? server : client, back ? client : server);
      if (wrapping === 'ipv6-options') frame.destinationOptions();
    } else frame.ip4(back ? server : client, back ? client : server, back ? 57 : 64, random.word() & 0xffff, 0x4000);
    const port = 1024 + (mix(flow, 6) % 60_000);
    const length = random.between(20, 180);
    if ((kind & 0x70000000) !== 0) {
      const side = flow * 2 + (back ? 1 : 0);
      const other = flow * 2 + (back ? 0 : 1);
      frame.tcp(back ? 443 : port, back ? port : 443, this.#sequence[side], this.#sequence[other], PSH | ACK);
      this.#sequence[side] += length;
    } else frame.udp(back ? 443 : port, back ? port : 443);
    const from = random.below(POOL.length - length);
    frame.payload(POOL, from, from + length);
  }
}
