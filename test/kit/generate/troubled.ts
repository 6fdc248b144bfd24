// Takes good traffic and spoils it as networks do: lost, repeated and late packets, IP fragments (some of which never come
// complete), a tunnel around some, ICMP errors that quote others.

import { Frame, IPV4, IPV6, VXLAN_PORT } from './frame.ts';
import type { Traffic } from './pcap-writer.ts';
import { mix, Random } from './random.ts';

const LOST = 0.01;
const REPEATED = 0.005;
const LATE = 0.01;
const FRAGMENTED = 0.02;
const FRAGMENT_LOST = 0.1;
const TUNNELLED = 0.1;
const QUOTED = 0.005;
const ETHERNET_BYTES = 14;
const IPV4_BYTES = 20;
const IPV6_BYTES = 40;
/** A router between the hosts that sends the errors. */
const ROUTER = 0x0afe0001;
/** The gateway's station number: the other station of a frame is the host. */
const GATEWAY = 0x100;
/** Offsets of the stations' 32 bits in the Ethernet header. */
const RECEIVER = 2;
const SENDER = 8;
const TUNNEL_NEAR = 0xac1f0001;
const TUNNEL_FAR = 0xac1f0002;

export class TroubledTraffic implements Traffic {
  readonly #random: Random;
  readonly #inner: Traffic;
  readonly #bytes = new Uint8Array(128 * 1024);
  readonly #view = new DataView(this.#bytes.buffer);
  readonly #scratch = new Frame();
  /** Frames that are to come next, and ones that come after so many others. */
  readonly #queue: Uint8Array[] = [];
  readonly #late: { frame: Uint8Array; after: number }[] = [];
  #identification = 0;

  constructor(inner: Traffic, seed: number) {
    this.#inner = inner;
    this.#random = new Random(seed);
  }

  packet(frame: Frame, seconds: number): void {
    while (this.#queue.length === 0) this.#more(seconds);
    const next = this.#queue.shift()!;
    frame.payload(next, 0, next.length);
    for (let i = this.#late.length - 1; i >= 0; i--) {
      if (--this.#late[i].after > 0) continue;
      this.#queue.push(this.#late[i].frame);
      this.#late.splice(i, 1);
    }
  }

  #more(seconds: number): void {
    const random = this.#random;
    const scratch = this.#scratch.begin(this.#bytes, this.#view, 0);
    this.#inner.packet(scratch, seconds);
    let frame: Uint8Array = this.#bytes.slice(0, scratch.finish());
    if (this.#isTunnelled(frame)) frame = this.#tunnelled(frame);
    const roll = random.word() / 0x100000000;
    let edge = LOST;
    if (roll < edge) return;
    if (roll < (edge += LATE)) this.#late.push({ frame, after: random.between(1, 5) });
    else if (roll < (edge += REPEATED)) {
      this.#queue.push(frame);
      this.#late.push({ frame, after: random.between(1, 20) });
    } else if (roll < (edge += FRAGMENTED)) this.#fragments(frame);
    else if (roll < edge + QUOTED && isPlain(frame, IPV4)) this.#queue.push(frame, this.#quoting(frame));
    else this.#queue.push(frame);
  }

  /** Every conversation of some hosts goes through the tunnel, both ways. */
  #isTunnelled(frame: Uint8Array): boolean {
    return (isPlain(frame, IPV4) || isPlain(frame, IPV6)) && mix(hostOf(frame), 0x7a11) < TUNNELLED * 0x100000000;
  }

  #tunnelled(frame: Uint8Array): Uint8Array {
    const out = this.#scratch.begin(this.#bytes, this.#view, 0);
    const away = new DataView(frame.buffer).getUint32(SENDER) !== GATEWAY;
    out.ethernet(0x500, 0x501).ip4(away ? TUNNEL_NEAR : TUNNEL_FAR, away ? TUNNEL_FAR : TUNNEL_NEAR, 63);
    out
      .udp(50_000 + (hostOf(frame) & 63), VXLAN_PORT, false)
      .vxlan(7000)
      .payload(frame, 0, frame.length);
    return this.#taken();
  }

  #quoting(frame: Uint8Array): Uint8Array {
    const view = new DataView(frame.buffer);
    const sender = view.getUint32(ETHERNET_BYTES + 12);
    const out = this.#scratch.begin(this.#bytes, this.#view, 0);
    out
      .ethernet(0x100, 0x101)
      .ip4(ROUTER, sender, 255)
      .icmp(false, 3, this.#random.pick([1, 3, 13]), 0);
    out.payload(frame, ETHERNET_BYTES, Math.min(frame.length, ETHERNET_BYTES + IPV4_BYTES + 8));
    return this.#taken();
  }

  #fragments(frame: Uint8Array): void {
    const v6 = isPlain(frame, IPV6);
    const headers = ETHERNET_BYTES + (v6 ? IPV6_BYTES : IPV4_BYTES);
    const length = frame.length - headers;
    if ((!v6 && !isPlain(frame, IPV4)) || length < 64) {
      this.#queue.push(frame);
      return;
    }
    const view = new DataView(frame.buffer);
    const protocol = v6 ? frame[ETHERNET_BYTES + 6] : frame[ETHERNET_BYTES + 9];
    const piece = (Math.ceil(length / this.#random.between(2, 4)) + 7) & ~7;
    const identification = ++this.#identification;
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < length; at += piece) {
      const end = Math.min(at + piece, length);
      const more = end < length;
      const out = this.#scratch.begin(this.#bytes, this.#view, 0);
      out.ethernet(view.getUint32(SENDER), view.getUint32(RECEIVER));
      if (v6) {
        out.ip6(view.getUint32(ETHERNET_BYTES + 20), view.getUint32(ETHERNET_BYTES + 36));
        out.fragment6(protocol, at, more, identification);
      } else {
        out.ip4(
          view.getUint32(ETHERNET_BYTES + 12),
          view.getUint32(ETHERNET_BYTES + 16),
          frame[ETHERNET_BYTES + 8],
          identification & 0xffff,
          (more ? 0x2000 : 0) | (at >>> 3),
        );
        out.rawProtocol(protocol);
      }
      out.payload(frame, headers + at, headers + end);
      pieces.push(this.#taken());
    }
    if (this.#random.chance(0.3)) pieces.reverse();
    for (const one of pieces) if (!this.#random.chance(FRAGMENT_LOST)) this.#queue.push(one);
  }

  #taken(): Uint8Array {
    return this.#bytes.slice(0, this.#scratch.finish());
  }
}

function hostOf(frame: Uint8Array): number {
  const view = new DataView(frame.buffer);
  const sender = view.getUint32(SENDER);
  return sender === GATEWAY ? view.getUint32(RECEIVER) : sender;
}

/** IP straight behind Ethernet, without IPv4 options, not a fragment itself. */
function isPlain(frame: Uint8Array, etherType: number): boolean {
  if (((frame[12] << 8) | frame[13]) !== etherType) return false;
  if (etherType === IPV6) return frame[ETHERNET_BYTES + 6] === 6 || frame[ETHERNET_BYTES + 6] === 17;
  return frame[ETHERNET_BYTES] === 0x45 && (frame[ETHERNET_BYTES + 6] & 0x3f) === 0 && frame[ETHERNET_BYTES + 7] === 0;
}
