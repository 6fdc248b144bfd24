// Packets of n five-tuples, both ways, TCP and UDP. Which flow speaks next is uniform: the hardest case for caches. Half of the
// TCP flows begin with a handshake and a part of them end with FINs and begin again, as busy clients do.

import { ACK, FIN, type Frame, PSH, SYN } from './frame.ts';
import type { Traffic } from './pcap-writer.ts';
import { mix, Random } from './random.ts';

export interface FlowsOptions {
  flows: number;
  /** Share of IPv6 flows, 0 to 1. */
  v6: number;
  /** Frame sizes in bytes, the smallest and the largest. */
  sizes: readonly [number, number];
  seed: number;
  /** Share of packets that open a flow, until all have been: a third unless said otherwise. */
  newcomers?: number;
}

/** Ports of services, as often as they stand here. */
const PORTS = [443, 443, 443, 443, 443, 443, 80, 80, 22, 25, 993, 3306, 5222, 8443, 8080, 1194];
const UDP_SHARE = 0.3;
const POOL_BYTES = 4096;

const WAITING = 0;
const SYN_SENT = 1;
const OPEN = 3;
const FIN_SENT = 200;
const FIN_RECEIVED = 201;

export class FlowsTraffic implements Traffic {
  readonly #random: Random;
  readonly #options: FlowsOptions;
  readonly #salt: number;
  /** Next sequence number of the client and of the server, by flow. */
  readonly #client: Uint32Array;
  readonly #server: Uint32Array;
  /** Handshake and number of packets since, by flow. */
  readonly #step: Uint8Array;
  readonly #pool = new Uint8Array(POOL_BYTES);
  #fresh = 0;

  constructor(options: FlowsOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#salt = mix(options.seed, 0x1234567);
    this.#client = new Uint32Array(options.flows);
    this.#server = new Uint32Array(options.flows);
    this.#step = new Uint8Array(options.flows);
    for (let i = 0; i < POOL_BYTES; i++) this.#pool[i] = this.#random.word();
  }

  packet(frame: Frame): void {
    const random = this.#random;
    const { flows, newcomers = 1 / 3 } = this.#options;
    const flow = this.#fresh < flows && random.chance(newcomers) ? this.#fresh++ : random.below(this.#fresh || 1);
    this.packetOf(frame, flow);
  }

  /** The next packet of this flow. */
  packetOf(frame: Frame, flow: number): void {
    const random = this.#random;
    const { sizes, v6 } = this.#options;
    const kind = mix(flow, this.#salt);
    const isTcp = (kind & 1023) >= UDP_SHARE * 1024;
    const isV6 = ((kind >>> 10) & 1023) < v6 * 1024;
    const clientPort = 1024 + (mix(flow, this.#salt + 2) % 64_000);
    const serverPort = isTcp ? PORTS[(kind >>> 20) & 15] : (kind >>> 20) & 1 ? 443 : 4500;
    // 10.0.0.0/8 speaks with 100.64.0.0/10 and 203.0.113.0/24; the pair of address and port is what makes flows differ.
    const client = 0x0a000000 | (mix(flow, this.#salt + 3) & 0xffffff);
    const server = 0x64400000 | (mix(flow >>> 2, this.#salt + 4) & 0x3fffff);
    let step = this.#step[flow];
    const handshakes = isTcp && (kind & 0x1000000) !== 0;
    const closes = handshakes && (kind & 0x2000000) !== 0;
    let fromClient = step === 0 || random.chance(0.5);
    let flags = PSH | ACK;
    let length = random.between(sizes[0], sizes[1]);
    if (handshakes && step < OPEN) {
      fromClient = step !== SYN_SENT;
      flags = step === WAITING ? SYN : step === SYN_SENT ? SYN | ACK : ACK;
      length = 0;
    } else if (closes && step >= OPEN + 12) {
      fromClient = step !== FIN_SENT;
      flags = step === FIN_RECEIVED ? ACK : FIN | ACK;
      length = 0;
      step = step < FIN_SENT ? FIN_SENT - 1 : step;
    } else if (isTcp && random.chance(0.3)) {
      flags = ACK;
      length = 0;
    }
    if (step === WAITING) {
      this.#client[flow] = random.word();
      this.#server[flow] = random.word();
    }
    frame.ethernet(fromClient ? 1 + (flow & 63) : 0x100, fromClient ? 0x100 : 1 + (flow & 63));
    const source = fromClient ? client : server;
    const destination = fromClient ? server : client;
    if (isV6) frame.ip6(source >>> 0, destination >>> 0, fromClient ? 64 : 57);
    else frame.ip4(source, destination, fromClient ? 64 : 57, random.word() & 0xffff, 0x4000);
    const sourcePort = fromClient ? clientPort : serverPort;
    const destinationPort = fromClient ? serverPort : clientPort;
    if (isTcp) {
      const sequence = fromClient ? this.#client : this.#server;
      const other = fromClient ? this.#server : this.#client;
      frame.tcp(
        sourcePort,
        destinationPort,
        sequence[flow],
        flags === SYN ? 0 : other[flow],
        flags,
        64_240,
        (flags & SYN) !== 0 ? 1460 : 0,
      );
      const payload = Math.max(0, length - frame.length);
      this.#fill(frame, payload);
      sequence[flow] += payload + ((flags & (SYN | FIN)) !== 0 ? 1 : 0);
    } else {
      frame.udp(sourcePort, destinationPort);
      this.#fill(frame, Math.max(8, length - frame.length));
    }
    if (step === FIN_RECEIVED) step = WAITING;
    else if (step !== OPEN + 11 || closes) step++;
    this.#step[flow] = step;
  }

  #fill(frame: Frame, length: number): void {
    const from = this.#random.below(POOL_BYTES - length);
    frame.payload(this.#pool, from, from + length);
  }
}
