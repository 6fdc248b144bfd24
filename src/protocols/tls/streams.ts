// What of the TLS family comes over TCP: TLS itself, and TLS in the framing of OpenVPN.

import { OpenVpnAnalyzer } from '../openvpn/analyzer.ts';
import { beginsOpenVpnStream, probeOpenVpnStream } from '../openvpn/probe.ts';
import type { Analyzer, Context, Direction, Verdict } from '../protocol.ts';
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
  return answer === 'no' ? probeOpenVpnStream(direction, bytes, from, to) : answer;
}

/** Becomes the analyzer of what its first octet says: no record of TLS has one as small as OpenVPN's. */
export class StreamAnalyzer implements Analyzer {
  readonly #context: Context;
  readonly #options: TlsOptions;
  #analyzer: TlsAnalyzer | OpenVpnAnalyzer | undefined = undefined;

  constructor(context: Context, options: TlsOptions) {
    this.#context = context;
    this.#options = options;
  }

  data(direction: Direction, bytes: Uint8Array, from: number, to: number): Verdict {
    if (this.#analyzer === undefined) {
      const isOpenVpn = beginsOpenVpnStream(bytes[from]);
      if (isOpenVpn) this.#context.name('openvpn');
      const Chosen = isOpenVpn ? OpenVpnAnalyzer : TlsAnalyzer;
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
