// Plays written conversations, many at once: each one begins anew with other addresses and ports, and with other bytes where the script
// says so. TCP gets its handshake, segments of the usual size, acknowledgements and FINs; UDP is sent as it is written.

import { ACK, FIN, type Frame, PSH, SYN } from './frame.ts';
import type { Traffic } from './pcap-writer.ts';
import { Random } from './random.ts';

const SEGMENT_OCTETS = 1400;
const FIRST_CLIENT_PORT = 10_000;
const CLIENT_PORTS = 50_000;
const CLIENTS = 4000;
const SERVERS = 200;

export interface Script {
  readonly transport: 'tcp' | 'udp';
  readonly port: number;
  /** Where the client's port is given (DHCP); else each conversation has its own. */
  readonly clientPort?: number;
  /** `>` what the client sends, `<` what the server sends. */
  readonly steps: readonly (readonly ['>' | '<', Uint8Array])[];
  /** Octets that are others in each conversation, the same in all places of it: transaction ids, randoms. */
  readonly fresh?: readonly { readonly step: number; readonly at: number; readonly octets: number }[];
}

interface Packet {
  readonly isClient: boolean;
  readonly flags: number;
  readonly step: number;
  readonly from: number;
  readonly to: number;
  /** Octets of the sender and of the other side before this packet. */
  readonly sent: number;
  readonly heard: number;
}

interface Plan {
  readonly script: Script;
  readonly packets: readonly Packet[];
}

interface Conversation {
  plan: Plan;
  next: number;
  client: number;
  server: number;
  port: number;
  seed: number;
  v6: boolean;
}

function planOf(script: Script): Plan {
  const packets: Packet[] = [];
  const sent = { '>': 1, '<': 1 };
  const isTcp = script.transport === 'tcp';
  const add = (side: '>' | '<', flags: number, step = -1, from = 0, to = 0, first?: number) => {
    const other = side === '>' ? '<' : '>';
    packets.push({
      isClient: side === '>',
      flags,
      step,
      from,
      to,
      sent: first ?? sent[side],
      heard: first === 0 && flags === SYN ? 0 : sent[other],
    });
  };
  if (isTcp) {
    add('>', SYN, -1, 0, 0, 0);
    add('<', SYN | ACK, -1, 0, 0, 0);
    add('>', ACK);
  }
  script.steps.forEach(([side, bytes], step) => {
    const size = isTcp ? SEGMENT_OCTETS : bytes.length;
    for (let from = 0; from < bytes.length; from += size) {
      const to = Math.min(bytes.length, from + size);
      add(side, to === bytes.length ? PSH | ACK : ACK, step, from, to);
      sent[side] += to - from;
    }
    if (isTcp && bytes.length > SEGMENT_OCTETS) add(side === '>' ? '<' : '>', ACK);
  });
  if (isTcp) {
    add('>', FIN | ACK);
    sent['>']++;
    add('<', FIN | ACK);
    sent['<']++;
    add('>', ACK);
  }
  return { script, packets };
}

export class ConversationTraffic implements Traffic {
  readonly #random: Random;
  readonly #plans: readonly Plan[];
  readonly #v6: number;
  readonly #open: Conversation[];
  #begun = 0;

  /** `atOnce`: conversations that are under way. `v6`: share of them over IPv6. */
  constructor(
    scripts: readonly Script[],
    { seed, atOnce = 64, v6 = 0 }: { seed: number; atOnce?: number; v6?: number },
  ) {
    this.#random = new Random(seed);
    this.#plans = scripts.map(planOf);
    this.#v6 = v6;
    this.#open = Array.from({ length: atOnce }, () => this.#begin());
  }

  packet(frame: Frame): void {
    const at = this.#random.below(this.#open.length);
    const conversation = this.#open[at];
    this.#play(frame, conversation);
    if (conversation.next === conversation.plan.packets.length) this.#open[at] = this.#begin();
  }

  #begin(): Conversation {
    const random = this.#random;
    const number = this.#begun++;
    return {
      plan: this.#plans[random.below(this.#plans.length)],
      next: 0,
      client: 0x0a400000 + (number % CLIENTS),
      server: 0x0a500000 + random.below(SERVERS),
      port: FIRST_CLIENT_PORT + (Math.floor(number / CLIENTS) % CLIENT_PORTS),
      seed: random.word(),
      v6: random.chance(this.#v6),
    };
  }

  #play(frame: Frame, conversation: Conversation): void {
    const { plan, client, server, seed, v6 } = conversation;
    const { script } = plan;
    const packet = plan.packets[conversation.next++];
    const { isClient } = packet;
    const clientPort = script.clientPort ?? conversation.port;
    frame.ethernet(isClient ? client : server, isClient ? server : client);
    const from = isClient ? client : server;
    const to = isClient ? server : client;
    if (v6) frame.ip6(from, to);
    else frame.ip4(from, to, 64, conversation.next);
    const sourcePort = isClient ? clientPort : script.port;
    const destinationPort = isClient ? script.port : clientPort;
    if (script.transport === 'udp') frame.udp(sourcePort, destinationPort);
    else {
      const first = (isClient ? seed : ~seed) >>> 0;
      const other = (isClient ? ~seed : seed) >>> 0;
      const acknowledgement = (packet.flags & ACK) === 0 ? 0 : (other + packet.heard) >>> 0;
      const mss = (packet.flags & SYN) !== 0 ? SEGMENT_OCTETS : 0;
      frame.tcp(sourcePort, destinationPort, (first + packet.sent) >>> 0, acknowledgement, packet.flags, 64240, mss);
    }
    if (packet.step < 0) return;
    const start = frame.at;
    frame.payload(script.steps[packet.step][1], packet.from, packet.to);
    this.#refresh(frame, start, packet, conversation);
  }

  /** Writes this conversation's own octets over those of the script. */
  #refresh(frame: Frame, start: number, packet: Packet, { plan, seed }: Conversation): void {
    for (const { step, at, octets } of plan.script.fresh ?? []) {
      if (step !== packet.step) continue;
      let word = seed;
      for (let i = 0; i < octets; i++) {
        word = (Math.imul(word, 1_664_525) + 1_013_904_223) >>> 0;
        const place = at + i;
        if (place >= packet.from && place < packet.to) frame.bytes[start + place - packet.from] = word >>> 24;
      }
    }
  }
}
