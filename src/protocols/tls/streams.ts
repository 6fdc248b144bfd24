// What of the TLS family comes over TCP: TLS itself, and TLS in the packets of OpenVPN and of TDS.

import { OpenVpnAnalyzer } from '../openvpn/analyzer.ts';
import { beginsOpenVpnStream, probeOpenVpnStream } from '../openvpn/probe.ts';
import type { Analyzer, Context, Direction, Verdict } from '../protocol.ts';
import { TdsAnalyzer } from '../tds/analyzer.ts';
import { probeTds, TYPE_PRELOGIN } from '../tds/packets.ts';
import { TlsAnalyzer } from './analyzer.ts';
import type { TlsOptions } from './options.ts';
import { type Answer, probe } from './probe.ts';

export function probeStream(
  direction: Direction,
  bytes: Uint8Array,
  from: number,
  to: number,
  hinted: boolean,
): Answer {
  const answer = probe(direction, bytes, from, to, hinted);
  if (answer !== 'no') return answer;
  const carrier = bytes[from] === TYPE_PRELOGIN ? probeTds : probeOpenVpnStream;
  return carrier(direction, bytes, from, to);
}

/** What a stream with this first octet is: no record of TLS has one as small as OpenVPN's, or TDS's. */
function carrierOf(first: number) {
  if (first === TYPE_PRELOGIN) return { name: 'tds', Chosen: TdsAnalyzer } as const;
  if (beginsOpenVpnStream(first)) return { name: 'openvpn', Chosen: OpenVpnAnalyzer } as const;
  return { name: 'tls', Chosen: TlsAnalyzer } as const;
}

/** Becomes the analyzer of what carries the handshake. */
export class StreamAnalyzer implements Analyzer {
  readonly #context: Context;
  readonly #options: TlsOptions;
  #analyzer: TlsAnalyzer | OpenVpnAnalyzer | TdsAnalyzer | undefined = undefined;

  constructor(context: Context, options: TlsOptions) {
    this.#context = context;
    this.#options = options;
  }

  data(direction: Direction, bytes: Uint8Array, from: number, to: number): Verdict {
    if (this.#analyzer === undefined) {
      const { name, Chosen } = carrierOf(bytes[from]);
      if (name !== 'tls') this.#context.name(name);
      this.#analyzer = new Chosen(this.#context, this.#options);
    }
    return this.#analyzer.data(direction, bytes, from, to);
  }

  gap(direction: Direction, missing: number): 'continue' | 'give-up' {
    return this.#analyzer?.gap(direction, missing) ?? 'continue';
  }

  expire(): void {
    this.#analyzer?.expire();
  }

  end(): void {
    this.#analyzer?.end();
  }
}
