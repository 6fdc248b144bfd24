// Protocols that begin in clear and go on in TLS: SMTP, LMTP, ManageSieve, IMAP, POP3, FTP, NNTP, IRC, LDAP, PostgreSQL, MySQL, RDP, XMPP, adb, NX.
// Their plain beginning is watched, the flow gets its name, and TLS gets the rest. No records of its own; where a protocol has an analyzer
// that is wanted, that one is asked first and hands over itself.

import { z } from 'zod';
import { portsOption } from '../common-options.ts';
import { Held } from '../held.ts';
import type { Analyzer, Context, Direction, Protocol, Verdict } from '../protocol.ts';
import { BINARY_PROTOCOLS } from './binary.ts';
import { BOTH_SIDES } from './both-sides.ts';
import { lineProtocol } from './lines.ts';
import { type Recogniser, TLS_HANDSHAKE, type Watchable, type Watched, type Watcher } from './watcher.ts';

const PORTS = [21, 25, 110, 119, 143, 389, 587, 3306, 3389, 4190, 5222, 5269, 5432, 6667] as const;
const RECOGNISERS: readonly Recogniser[] = [...BINARY_PROTOCOLS, ...BOTH_SIDES];
/** Segments before the one that tells: what the other side said earlier. */
const MAX_UNKNOWN_SEGMENTS = 4;

const options = z.strictObject({
  enabled: z.boolean().default(true).describe('follow protocols that begin in clear into their TLS'),
  ports: portsOption(PORTS).describe('ports where they are tried first; they are recognised by content on all others'),
});

function recognise(direction: Direction, bytes: Uint8Array, from: number, to: number): Watchable | 'no' | 'more' {
  let answer: 'no' | 'more' = 'no';
  if (from === to) return 'more';
  for (const recogniser of RECOGNISERS) {
    const said = recogniser.probe(direction, bytes, from, to);
    if (said === 'yes') return recogniser;
    if (said === 'more') answer = 'more';
  }
  const said = lineProtocol(direction, bytes, from, to);
  return said === 'no' ? answer : said;
}

class StartTlsAnalyzer implements Analyzer {
  readonly #context: Context;
  /** What each side said before it was clear what this is. */
  readonly #held = [new Held(), new Held()] as const;
  #watcher: Watcher | undefined = undefined;
  #unknown = 0;

  constructor(context: Context) {
    this.#context = context;
  }

  data(direction: Direction, bytes: Uint8Array, from: number, to: number): Verdict {
    let watched: Watched;
    if (this.#watcher === undefined) {
      const held = this.#held[direction];
      held.add(bytes, from, to);
      const found = recognise(direction, held.bytes, 0, held.length);
      if (found === 'more') return 'ok';
      if (found === 'no') {
        held.drop(held.length);
        return ++this.#unknown > MAX_UNKNOWN_SEGMENTS ? 'reject' : 'ok';
      }
      this.#context.name(found.name);
      this.#watcher = found.open();
      watched = this.#watcher.data(direction, held.bytes, 0, held.length);
    } else watched = this.#watcher.data(direction, bytes, from, to);
    if (watched === 'watch') return 'ok';
    if (watched === 'over') return 'done';
    // Commands that somebody slipped in behind the request are no TLS, and are discarded (RFC 3207 section 4.2).
    const isTaken = watched.protocol === '' || watched.early?.[0] === TLS_HANDSHAKE;
    const early = isTaken ? watched.early : undefined;
    this.#context.handOver(watched.protocol, Math.min(watched.rest, to - from), early);
    return 'ok';
  }

  end(): void {}
}

export const starttls: Protocol<z.infer<typeof options>> = {
  name: 'starttls',
  doc: 'protocols that begin in clear: SMTP, LMTP, ManageSieve, IMAP, POP3, FTP, NNTP, IRC, LDAP, PostgreSQL, MySQL, RDP, XMPP, adb and NX are named and followed into TLS',
  ports: PORTS,
  transports: ['tcp'],
  options,
  records: [],
  probe(direction, bytes, from, to) {
    const found = recognise(direction, bytes, from, to);
    return typeof found === 'string' ? found : 'yes';
  },
  open: (context) => new StartTlsAnalyzer(context),
};
