// Protocols of lines: SMTP and LMTP (RFC 3207), ManageSieve (RFC 5804), IMAP and POP3 (RFC 2595), FTP (RFC 4217), NNTP (RFC 4642), IRC (IRCv3,
// "tls"). The client asks, the server agrees in a line, and TLS begins behind it.

import { asciiText } from '../../records/text.ts';
import { Held, MAX_EARLY_OCTETS } from '../held.ts';
import type { Direction } from '../protocol.ts';
import type { Watchable, Watched, Watcher } from './watcher.ts';

const LF = 10;
const CR = 13;
const MAX_LINE_OCTETS = 2048;
/** Octets of a line that are looked at before its end is looked for. */
const BEGINNING_OCTETS = 16;
/** TLS comes early or not at all. */
const MAX_LINES = 100;

interface Dialect {
  readonly name: string;
  /** First line of the server; first line of the client, for captures that lack it. */
  readonly greeting: RegExp;
  readonly opening: RegExp;
  /** The client asks for TLS; the server's answer has to begin with what is captured, if anything is. */
  readonly request: RegExp;
  readonly agreed: RegExp;
  readonly refused: RegExp;
}

const DIALECTS: readonly Dialect[] = [
  {
    name: 'smtp',
    greeting: /^220[ -].*smtp/i,
    opening: /^(?:EHLO|HELO) \S/i,
    request: /^STARTTLS\s*$/i,
    agreed: /^220[ -]/,
    refused: /^[45]\d\d /,
  },
  {
    name: 'lmtp',
    greeting: /^220[ -].*lmtp/i,
    opening: /^LHLO \S/i,
    request: /^STARTTLS\s*$/i,
    agreed: /^220[ -]/,
    refused: /^[45]\d\d /,
  },
  {
    name: 'managesieve',
    greeting: /^"IMPLEMENTATION"/i,
    opening: /^(?:STARTTLS|CAPABILITY|AUTHENTICATE "\S)/i,
    request: /^STARTTLS\s*$/i,
    agreed: /^OK\b/i,
    refused: /^(?:NO|BYE)\b/i,
  },
  {
    name: 'ftp',
    greeting: /^220[ -].*ftp/i,
    // Banners need not name it; those are the commands that come before a login, and that no other of these has.
    opening: /^(?:AUTH (?:TLS|SSL)|FEAT\s*$|SYST\s*$|HOST \S|CLNT \S|OPTS \S)/i,
    request: /^AUTH (?:TLS|SSL)/i,
    agreed: /^234[ -]/,
    refused: /^[45]\d\d /,
  },
  {
    name: 'imap',
    greeting: /^\* (?:OK|PREAUTH|BYE)\b/i,
    opening: /^[A-Za-z0-9.]{1,16} (?:CAPABILITY|STARTTLS|ID|LOGIN|AUTHENTICATE|NOOP)\b/i,
    request: /^(\S{1,64}) STARTTLS\s*$/i,
    agreed: /^\S{1,64} OK\b/i,
    refused: /^\S{1,64} (?:NO|BAD)\b/i,
  },
  {
    name: 'pop3',
    // Others (Redis) say +OK too.
    greeting: /^\+OK .*(?:pop|ready|<\S+@\S+>)/i,
    opening: /^(?:CAPA|STLS|USER \S+|APOP \S+ \S+)\s*$/i,
    request: /^STLS\s*$/i,
    agreed: /^\+OK\b/i,
    refused: /^-ERR\b/i,
  },
  {
    name: 'nntp',
    greeting: /^20[01][ -].*(?:nntp|news|usenet|\binn\b)/i,
    opening: /^(?:CAPABILITIES|MODE READER)\s*$/i,
    request: /^STARTTLS\s*$/i,
    agreed: /^382[ -]/,
    refused: /^[45]\d\d /,
  },
  {
    name: 'irc',
    greeting: /^(?::\S{1,64} )?NOTICE (?:AUTH|\*) :/,
    opening: /^(?:CAP (?:LS|REQ|END)\b|NICK \S+\s*$|USER \S+ \S+ \S+ :?\S)/i,
    request: /^STARTTLS\s*$/i,
    agreed: /^(?::\S{1,64} )?670 /,
    refused: /^(?::\S{1,64} )?691 /,
  },
];

function lineEnd(bytes: Uint8Array, from: number, to: number): number {
  const end = Math.min(to, from + MAX_LINE_OCTETS);
  for (let at = from; at < end; at++) if (bytes[at] === LF) return at;
  return -1;
}

/** Does a line of text begin here? Most of what is asked about is none, and is known by its first octets. */
function beginsText(bytes: Uint8Array, from: number, to: number): boolean {
  const end = Math.min(to, from + BEGINNING_OCTETS);
  for (let at = from; at < end; at++) {
    const octet = bytes[at];
    if (octet === LF) return true;
    if ((octet < 0x20 && octet !== CR) || octet > 0x7e) return false;
  }
  return true;
}

class LineWatcher implements Watcher {
  readonly #dialect: Dialect;
  readonly #held = [new Held(), new Held()] as const;
  /** Octets of what is held that are known to hold no end of a line. */
  readonly #searched: [number, number] = [0, 0];
  #lines = 0;
  /** What was asked for; undefined: nothing. */
  #tag: string | undefined = undefined;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  data(direction: Direction, bytes: Uint8Array, from: number, to: number): Watched {
    const held = this.#held[direction];
    held.add(bytes, from, to);
    return this.#read(direction);
  }

  #read(direction: Direction): Watched {
    const held = this.#held[direction];
    for (;;) {
      // What the client says behind its request is TLS, unless the server refuses.
      if (direction === 0 && this.#tag !== undefined) return held.length > MAX_EARLY_OCTETS ? 'over' : 'watch';
      const all = held.bytes;
      const end = lineEnd(all, this.#searched[direction], Math.min(all.length, MAX_LINE_OCTETS));
      this.#searched[direction] = end < 0 ? all.length : 0;
      if (end < 0) return all.length >= MAX_LINE_OCTETS ? 'over' : 'watch';
      const line = asciiText(all, 0, end);
      held.drop(end + 1);
      if (++this.#lines > MAX_LINES) return 'over';
      if (direction === 0) this.#asked(line);
      else if (this.#isAgreed(line)) return { protocol: 'tls', rest: held.length, early: this.#held[0].bytes };
      else if (this.#tag === undefined && this.#held[0].length > 0 && this.#read(0) === 'over') return 'over';
    }
  }

  #asked(line: string): void {
    const match = this.#dialect.request.exec(line);
    if (match !== null) this.#tag = match[1] ?? '';
  }

  #isAgreed(line: string): boolean {
    if (this.#tag === undefined || !line.startsWith(this.#tag)) return false;
    if (this.#dialect.refused.test(line)) this.#tag = undefined;
    return this.#tag !== undefined && this.#dialect.agreed.test(line);
  }
}

const PROTOCOLS: readonly Watchable[] = DIALECTS.map((dialect) => ({
  name: dialect.name,
  open: () => new LineWatcher(dialect),
}));

/** The protocol whose first line of this side bytes[from, to) begin with. */
export function lineProtocol(
  direction: Direction,
  bytes: Uint8Array,
  from: number,
  to: number,
): Watchable | 'no' | 'more' {
  if (!beginsText(bytes, from, to)) return 'no';
  const end = lineEnd(bytes, from, to);
  if (end < 0) return to - from < MAX_LINE_OCTETS ? 'more' : 'no';
  const line = asciiText(bytes, from, end);
  const found = DIALECTS.findIndex(({ opening, greeting }) => (direction === 0 ? opening : greeting).test(line));
  return PROTOCOLS[found] ?? 'no';
}
