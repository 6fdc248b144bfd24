// The TLS handshake in OpenVPN's control channel, over TCP (each packet behind its length, two octets) or UDP. Packets may come in
// another order, or again. The rest of the connection is not looked at.

import { Held } from '../held.ts';
import type { Analyzer, Context, Direction, Verdict } from '../protocol.ts';
import { TlsAnalyzer } from '../tls/analyzer.ts';
import type { TlsOptions } from '../tls/options.ts';
import { Numbered } from './numbered.ts';
import { authOctetsOf, controlPacket } from './packets.ts';
import { isEncryptedOpenVpnStream, probeOpenVpnStream } from './probe.ts';

const LENGTH_OCTETS = 2;
/** Longer packets are data, which come when the handshake is over. */
const MAX_PACKET_OCTETS = 4096;

export class OpenVpnAnalyzer implements Analyzer {
  readonly #context: Context;
  readonly #tls: TlsAnalyzer;
  readonly #streams: readonly [Numbered, Numbered];
  /** Of TCP: what has come of the present packet. */
  readonly #held: readonly [Held, Held] = [new Held(), new Held()];
  #auth = -1;
  #verdict: Verdict = 'ok';

  constructor(context: Context, options: TlsOptions) {
    this.#context = context;
    this.#tls = new TlsAnalyzer(context, options);
    this.#streams = [this.#stream(0), this.#stream(1)];
  }

  data(direction: Direction, bytes: Uint8Array, from: number, to: number): Verdict {
    const held = this.#held[direction];
    held.add(bytes, from, to);
    if (this.#auth < 0 && probeOpenVpnStream(direction, held.bytes, 0, held.length) === 'no') return 'reject';
    if (this.#auth < 0 && isEncryptedOpenVpnStream(held.bytes, 0, held.length)) {
      this.#context.name('openvpn-tls-crypt');
      held.drop(held.length);
      return 'done';
    }
    while (held.length >= LENGTH_OCTETS && this.#verdict === 'ok') {
      const all = held.bytes;
      const end = LENGTH_OCTETS + ((all[0] << 8) | all[1]);
      if (end > LENGTH_OCTETS + MAX_PACKET_OCTETS) return 'done';
      if (all.length < end) break;
      held.drop(end);
      this.#packet(direction, all, LENGTH_OCTETS, end);
    }
    return this.#verdict;
  }

  message(direction: Direction, bytes: Uint8Array, from: number, to: number, wireLength: number): Verdict {
    if (wireLength > to - from) this.#context.count('truncated');
    this.#packet(direction, bytes, from, to);
    return this.#verdict;
  }

  /** Where the next packet begins is not known. */
  gap(): 'continue' | 'give-up' {
    this.#context.count('gaps');
    return 'give-up';
  }

  expire(): void {
    this.#tls.expire();
  }

  end(): void {
    for (const stream of this.#streams) stream.clear();
    this.#tls.end();
  }

  #stream(direction: Direction): Numbered {
    return new Numbered(
      (bytes, from, to) => this.#deliver(direction, bytes, from, to),
      (octets) => this.#context.hold(octets),
    );
  }

  #packet(direction: Direction, bytes: Uint8Array, from: number, to: number): void {
    if (this.#auth < 0) {
      this.#auth = authOctetsOf(bytes, from, to);
      if (this.#auth < 0) this.#verdict = 'reject';
      return;
    }
    const packet = controlPacket(bytes, from, to, this.#auth);
    if (packet !== undefined) this.#streams[direction].add(packet.number, bytes, packet.from, packet.to);
  }

  #deliver(direction: Direction, bytes: Uint8Array, from: number, to: number): void {
    if (from < to && this.#verdict === 'ok')
      this.#verdict = this.#tls.data(direction, bytes, from, to) === 'ok' ? 'ok' : 'done';
  }
}
