// Builds frames from the outside in, straight into a buffer; `finish` then fills in lengths and checksums from the inside out.
// IEEE 802.3/802.1Q/802.1ad, RFC 791, RFC 8200, RFC 9293, RFC 768, RFC 792/4443, RFC 3032 (MPLS), RFC 2784/2890 (GRE),
// RFC 7348 (VXLAN), RFC 2516 (PPPoE).

import { addWords, foldChecksum } from '../../../src/wire/internet-checksum.ts';

export const IPV4 = 0x0800;
export const IPV6 = 0x86dd;
const ETHERNET_BRIDGED = 0x6558;
export const TCP = 6;
export const UDP = 17;
const GRE = 47;
const FRAGMENT = 44;
export const ICMP = 1;
export const ICMPV6 = 58;
export const VXLAN_PORT = 4789;

export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const PSH = 8;
export const ACK = 16;

const KIND_IP4 = 1;
const KIND_IP6 = 2;
const KIND_UDP = 3;
const KIND_TCP = 4;
const KIND_PPPOE = 5;
const KIND_ICMP = 6;
const KIND_ICMPV6 = 7;
/** A UDP header whose checksum stays 0, as VXLAN's outer one over IPv4. */
const KIND_UDP_BARE = 8;

/** First words of our IPv6 addresses: 2001:db8::/32 (RFC 3849). */
const DOCUMENTATION_PREFIX = 0x20010db8;

export class Frame {
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  start = 0;
  at = 0;
  readonly #kinds = new Uint8Array(32);
  readonly #offsets = new Int32Array(32);
  #depth = 0;
  /** Where the next layer writes its EtherType; -1: it has none. */
  #typeAt = -1;
  #typeIsPpp = false;
  /** Where the next layer writes its IP protocol number. */
  #protocolAt = -1;

  /** Begins a frame at `at`; there must be room for it behind (64 KiB is always enough). */
  begin(bytes: Uint8Array, view: DataView, at: number): this {
    this.bytes = bytes;
    this.view = view;
    this.start = at;
    this.at = at;
    this.#depth = 0;
    this.#typeAt = -1;
    this.#typeIsPpp = false;
    this.#protocolAt = -1;
    return this;
  }

  get length(): number {
    return this.at - this.start;
  }

  /** MAC addresses 02:00 and the station's 32 bits. */
  ethernet(from: number, to: number): this {
    const { view, at } = this;
    this.#announce(ETHERNET_BRIDGED);
    view.setUint16(at, 0x0200);
    view.setUint32(at + 2, to);
    view.setUint16(at + 6, 0x0200);
    view.setUint32(at + 8, from);
    this.#typeAt = at + 12;
    this.#typeIsPpp = false;
    this.at = at + 14;
    return this;
  }

  /** A tag; `service` is the outer one of 802.1ad. */
  vlan(id: number, service = false): this {
    this.#announce(service ? 0x88a8 : 0x8100);
    this.view.setUint16(this.at, id);
    this.#typeAt = this.at + 2;
    this.at += 4;
    return this;
  }

  mpls(label: number, bottom: boolean): this {
    this.#announce(0x8847);
    this.view.setUint32(this.at, ((label << 12) | (bottom ? 0x100 : 0) | 64) >>> 0);
    this.at += 4;
    return this;
  }

  pppoe(session: number): this {
    this.#announce(0x8864);
    this.#layer(KIND_PPPOE);
    this.view.setUint16(this.at, 0x1100);
    this.view.setUint16(this.at + 2, session);
    this.#typeAt = this.at + 6;
    this.#typeIsPpp = true;
    this.at += 8;
    return this;
  }

  ip4(source: number, destination: number, ttl = 64, identification = 0, fragment = 0): this {
    const { view, at } = this;
    this.#announce(IPV4);
    this.#protocol(4);
    this.#layer(KIND_IP4);
    view.setUint16(at, 0x4500);
    view.setUint16(at + 4, identification);
    view.setUint16(at + 6, fragment);
    view.setUint8(at + 8, ttl);
    view.setUint16(at + 10, 0);
    view.setUint32(at + 12, source);
    view.setUint32(at + 16, destination);
    this.#protocolAt = at + 9;
    this.at = at + 20;
    return this;
  }

  /** Addresses in 2001:db8::/32 made of the numbers. */
  ip6(source: number, destination: number, hopLimit = 64): this {
    const { view, at } = this;
    this.#announce(IPV6);
    this.#protocol(41);
    this.#layer(KIND_IP6);
    view.setUint32(at, 0x60000000);
    view.setUint8(at + 7, hopLimit);
    this.#address(at + 8, source);
    this.#address(at + 24, destination);
    this.#protocolAt = at + 6;
    this.at = at + 40;
    return this;
  }

  /** An IPv6 destination options header of 8 bytes: padding only. */
  destinationOptions(): this {
    this.#protocol(60);
    this.view.setUint32(this.at, 0x00000104);
    this.view.setUint32(this.at + 4, 0);
    this.#protocolAt = this.at;
    this.at += 8;
    return this;
  }

  /** An IPv6 fragment header. `offset` in bytes, a multiple of 8. The protocol is given: what follows is a piece of it. */
  fragment6(protocol: number, offset: number, more: boolean, identification: number): this {
    this.#protocol(FRAGMENT);
    this.view.setUint16(this.at, protocol << 8);
    this.view.setUint16(this.at + 2, offset | (more ? 1 : 0));
    this.view.setUint32(this.at + 4, identification);
    this.#protocolAt = -1;
    this.at += 8;
    return this;
  }

  /** Sets the protocol of the IP header just written, when its payload is written as bytes. */
  rawProtocol(protocol: number): this {
    this.#protocol(protocol);
    return this;
  }

  udp(sourcePort: number, destinationPort: number, withChecksum = true): this {
    this.#protocol(UDP);
    this.#layer(withChecksum ? KIND_UDP : KIND_UDP_BARE);
    this.view.setUint16(this.at, sourcePort);
    this.view.setUint16(this.at + 2, destinationPort);
    this.view.setUint16(this.at + 6, 0);
    this.at += 8;
    return this;
  }

  /** `mss`: with the options of a SYN (maximum segment size, window scale, SACK permitted); 0: none. */
  tcp(
    sourcePort: number,
    destinationPort: number,
    sequence: number,
    acknowledgement: number,
    flags: number,
    window = 64240,
    mss = 0,
  ): this {
    const { view, at } = this;
    this.#protocol(TCP);
    this.#layer(KIND_TCP);
    const words = mss > 0 ? 8 : 5;
    view.setUint16(at, sourcePort);
    view.setUint16(at + 2, destinationPort);
    view.setUint32(at + 4, sequence);
    view.setUint32(at + 8, acknowledgement);
    view.setUint16(at + 12, (words << 12) | flags);
    view.setUint16(at + 14, window);
    view.setUint32(at + 16, 0);
    if (mss > 0) {
      view.setUint32(at + 20, 0x02040000 | mss);
      view.setUint32(at + 24, 0x01030307);
      view.setUint32(at + 28, 0x01010402);
    }
    this.at = at + words * 4;
    return this;
  }

  /** ICMP or ICMPv6, after the IP header it runs over. `rest` is the second word of its header. */
  icmp(v6: boolean, type: number, code: number, rest: number): this {
    this.#protocol(v6 ? ICMPV6 : ICMP);
    this.#layer(v6 ? KIND_ICMPV6 : KIND_ICMP);
    this.view.setUint32(this.at, ((type << 24) | (code << 16)) >>> 0);
    this.view.setUint32(this.at + 4, rest);
    this.at += 8;
    return this;
  }

  /** GRE with a key; the next layer is IP or Ethernet. */
  gre(key: number): this {
    this.#protocol(GRE);
    this.view.setUint16(this.at, 0x2000);
    this.#typeAt = this.at + 2;
    this.#typeIsPpp = false;
    this.view.setUint32(this.at + 4, key);
    this.at += 8;
    return this;
  }

  /** After `udp(…, VXLAN_PORT, false)`; Ethernet follows. */
  vxlan(vni: number): this {
    this.view.setUint32(this.at, 0x08000000);
    this.view.setUint32(this.at + 4, (vni << 8) >>> 0);
    this.#typeAt = -1;
    this.at += 8;
    return this;
  }

  payload(from: Uint8Array, start: number, end: number): this {
    // A short copy by hand is cheaper than a view of the source.
    if (end - start <= 64) for (let i = start; i < end; i++) this.bytes[this.at + i - start] = from[i];
    else this.bytes.set(from.subarray(start, end), this.at);
    this.at += end - start;
    return this;
  }

  /** Fills in lengths and checksums. Returns the frame's length; frames shorter than `minimum` are padded with zeros. */
  finish(minimum = 0): number {
    const { view } = this;
    const end = this.at;
    for (let i = this.#depth - 1; i >= 0; i--) {
      const at = this.#offsets[i];
      switch (this.#kinds[i]) {
        case KIND_IP4:
          view.setUint16(at + 2, end - at);
          view.setUint16(at + 10, foldChecksum(addWords(0, view, at, at + 20)));
          break;
        case KIND_IP6:
          view.setUint16(at + 4, end - at - 40);
          break;
        case KIND_UDP_BARE:
          view.setUint16(at + 4, end - at);
          break;
        case KIND_UDP:
          view.setUint16(at + 4, end - at);
          view.setUint16(at + 6, this.#transportChecksum(i, UDP, at, end) || 0xffff);
          break;
        case KIND_TCP:
          view.setUint16(at + 16, this.#transportChecksum(i, TCP, at, end));
          break;
        case KIND_ICMP:
          view.setUint16(at + 2, foldChecksum(addWords(0, view, at, end)));
          break;
        case KIND_ICMPV6:
          view.setUint16(at + 2, this.#transportChecksum(i, ICMPV6, at, end));
          break;
        case KIND_PPPOE:
          view.setUint16(at + 4, end - at - 6);
          break;
      }
    }
    while (this.at < this.start + minimum) this.bytes[this.at++] = 0;
    return this.at - this.start;
  }

  /** Checksum over the pseudo-header of the IP layer around it (the layer just outside) and [at, end). */
  #transportChecksum(layer: number, protocol: number, at: number, end: number): number {
    const { view } = this;
    const ip = this.#offsets[layer - 1];
    const from = this.#kinds[layer - 1] === KIND_IP4 ? ip + 12 : ip + 8;
    const to = this.#kinds[layer - 1] === KIND_IP4 ? ip + 20 : ip + 40;
    const pseudo = addWords(protocol + (end - at), view, from, to);
    return foldChecksum(addWords(pseudo, view, at, end));
  }

  #address(at: number, number: number): void {
    this.view.setUint32(at, DOCUMENTATION_PREFIX);
    this.view.setUint32(at + 4, number >>> 12);
    this.view.setUint32(at + 8, 0);
    this.view.setUint32(at + 12, number);
  }

  #layer(kind: number): void {
    this.#kinds[this.#depth] = kind;
    this.#offsets[this.#depth++] = this.at;
  }

  #announce(etherType: number): void {
    if (this.#typeAt < 0) return;
    const ppp = etherType === IPV4 ? 0x0021 : 0x0057;
    this.view.setUint16(this.#typeAt, this.#typeIsPpp ? ppp : etherType);
    this.#typeAt = -1;
    this.#protocolAt = -1;
  }

  #protocol(protocol: number): void {
    if (this.#protocolAt >= 0) this.view.setUint8(this.#protocolAt, protocol);
    this.#protocolAt = -1;
  }
}
