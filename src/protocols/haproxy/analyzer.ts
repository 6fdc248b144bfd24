// Passes over the header and hands what follows it to detection; the flow knows from then on who its client is.

import { Held, MAX_EARLY_OCTETS } from '../held.ts';
import type { Analyzer, Context, Direction, Verdict } from '../protocol.ts';
import { BAD, clientOf, datagramHeaderLength, headerLength, MORE } from './header.ts';

const skip = { skip: 0 };

export class ProxyHeaderAnalyzer implements Analyzer {
  readonly #context: Context;
  readonly #header = new Held();
  /** What the server says before the header is complete. */
  readonly #early = new Held();

  constructor(context: Context) {
    this.#context = context;
  }

  data(direction: Direction, bytes: Uint8Array, from: number, to: number): Verdict {
    if (direction === 1) {
      if (this.#early.length + to - from > MAX_EARLY_OCTETS) return 'done';
      this.#early.add(bytes, from, to);
      return 'ok';
    }
    this.#header.add(bytes, from, to);
    const held = this.#header.bytes;
    const length = headerLength(held, 0, held.length);
    if (length === BAD) return 'reject';
    if (length === MORE) return 'ok';
    this.#context.flow.forwardedIp = clientOf(held, 0, length);
    // The header ends in this segment: what is behind it stands at the segment's end.
    this.#context.handOver('', held.length - length, this.#early.bytes);
    return 'ok';
  }

  /** Each datagram has a client of its own. Answers have no header, and are the business of whoever was asked. */
  message(direction: Direction, bytes: Uint8Array, from: number, to: number): Verdict {
    const length = datagramHeaderLength(bytes, from, to);
    if (direction === 0)
      this.#context.flow.forwardedIp = length === 0 ? undefined : clientOf(bytes, from, from + length);
    skip.skip = length;
    return skip;
  }

  end(): void {}
}
