// Protocols of packets: PostgreSQL (SSLRequest), MySQL (SSL request packet), LDAP (RFC 4511 section 4.14), RDP (MS-RDPBCGR section
// 2.2.1.1, over TPKT of RFC 1006), and XMPP's stream of XML (RFC 6120 section 5), which has no lines.

import { asciiText } from '../../records/text.ts';
import { Held, MAX_EARLY_OCTETS } from '../held.ts';
import type { Direction } from '../protocol.ts';
import { elementAt, TAG_ENUMERATED, TAG_INTEGER, TAG_SEQUENCE } from '../tls/der.ts';
import { type Answer, type Recogniser, TLS_HANDSHAKE, type Watched, type Watcher } from './watcher.ts';

/** TLS begins with the last `rest` bytes; `early`: what the client said of it before. */
const TLS = (rest: number, early?: Held): Watched => ({ protocol: 'tls', rest, early: early?.bytes });

/** The client's turn is over; what it says all the same waits. */
function keep(early: Held, bytes: Uint8Array, from: number, to: number): Watched {
  if (early.length + to - from > MAX_EARLY_OCTETS) return 'over';
  early.add(bytes, from, to);
  return 'watch';
}

// ---- PostgreSQL: "Message Formats", SSLRequest and GSSENCRequest

const SSL_REQUEST = [0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f] as const;
const GSS_REQUEST = [0, 0, 0, 8, 4, 0xd2, 0x16, 0x30] as const;
const YES = 0x53;
const NO = 0x4e;

function matches(bytes: Uint8Array, from: number, to: number, wanted: readonly number[]): Answer {
  for (let i = 0; i < wanted.length; i++) {
    if (from + i >= to) return 'more';
    if (bytes[from + i] !== wanted[i]) return 'no';
  }
  return 'yes';
}

const postgresql: Recogniser = {
  name: 'postgresql',
  probe(direction, bytes, from, to) {
    if (direction !== 0) return 'no';
    const ssl = matches(bytes, from, to, SSL_REQUEST);
    return ssl === 'no' ? matches(bytes, from, to, GSS_REQUEST) : ssl;
  },
  open: (): Watcher => {
    let isSsl = false;
    let octets = 0;
    const early = new Held();
    return {
      data(direction, bytes, from, to) {
        if (direction === 0) {
          // The request's last octet tells which it is.
          let at = from;
          for (; at < to && octets < SSL_REQUEST.length; at++)
            if (++octets === SSL_REQUEST.length) isSsl = bytes[at] === SSL_REQUEST[7];
          return keep(early, bytes, at, to);
        }
        if (isSsl && bytes[from] === YES) return TLS(to - from - 1, early);
        return bytes[from] === NO ? { protocol: '', rest: to - from - 1, early: early.bytes } : 'over';
      },
    };
  },
};

// ---- MySQL: "Protocol::HandshakeV10" and "Protocol::SSLRequest"

const MYSQL_HEADER_OCTETS = 4;
const HANDSHAKE_V10 = 10;
const SSL_REQUEST_OCTETS = 32;
const CLIENT_SSL_LOW = 0x08;

const mysql: Recogniser = {
  name: 'mysql',
  probe(direction, bytes, from, to) {
    if (direction !== 1) return 'no';
    if (to - from < 6) return 'more';
    const length = bytes[from] | (bytes[from + 1] << 8) | (bytes[from + 2] << 16);
    const isGreeting = length >= 32 && length < 512 && bytes[from + 3] === 0 && bytes[from + 4] === HANDSHAKE_V10;
    if (!isGreeting || bytes[from + 5] < 0x30 || bytes[from + 5] > 0x39) return 'no';
    return to - from <= MYSQL_HEADER_OCTETS + length ? 'yes' : 'no';
  },
  open: (): Watcher => {
    const client = new Held();
    return {
      data(direction, bytes, from, to) {
        if (direction === 1) return 'watch';
        client.add(bytes, from, to);
        const { bytes: all } = client;
        if (all.length < MYSQL_HEADER_OCTETS + 2) return 'watch';
        const length = all[0] | (all[1] << 8) | (all[2] << 16);
        if (length !== SSL_REQUEST_OCTETS || (all[5] & CLIENT_SSL_LOW) === 0) return 'over';
        const end = MYSQL_HEADER_OCTETS + SSL_REQUEST_OCTETS;
        return all.length < end ? 'watch' : TLS(all.length - end);
      },
    };
  },
};

// ---- LDAP

const EXTENDED_REQUEST = 0x77;
const EXTENDED_RESPONSE = 0x78;
const BIND_REQUEST = 0x60;
const SEARCH_REQUEST = 0x63;
const FIRST_REQUESTS: readonly number[] = [EXTENDED_REQUEST, BIND_REQUEST, SEARCH_REQUEST];
const REQUEST_NAME = 0x80;
const START_TLS = '1.3.6.1.4.1.1466.20037';
const MAX_LDAP_OCTETS = 4 * 1024;
const MAX_LDAP_MESSAGES = 16;

/** The operation in the LDAPMessage at `at`. */
function operationAt(bytes: Uint8Array, at: number, end: number) {
  const message = elementAt(bytes, at, end);
  if (message === undefined || message.tag !== TAG_SEQUENCE) return undefined;
  const id = elementAt(bytes, message.from, message.to);
  if (id === undefined || id.tag !== TAG_INTEGER || id.to - id.from > 4) return undefined;
  const operation = elementAt(bytes, id.to, message.to);
  return operation === undefined ? undefined : { ...operation, end: message.to };
}

class LdapWatcher implements Watcher {
  readonly #held = [new Held(), new Held()] as const;
  #isAsked = false;
  #messages = 0;

  data(direction: Direction, bytes: Uint8Array, from: number, to: number): Watched {
    this.#held[direction].add(bytes, from, to);
    return this.#read(direction);
  }

  #read(direction: Direction): Watched {
    const held = this.#held[direction];
    for (;;) {
      // What the client says behind its request is TLS, unless the server refuses.
      if (direction === 0 && this.#isAsked) return held.length > MAX_EARLY_OCTETS ? 'over' : 'watch';
      if (held.length === 0) return 'watch';
      const operation = operationAt(held.bytes, 0, held.bytes.length);
      if (operation === undefined)
        return held.bytes.length > MAX_LDAP_OCTETS || held.bytes[0] !== TAG_SEQUENCE ? 'over' : 'watch';
      if (++this.#messages > MAX_LDAP_MESSAGES) return 'over';
      const all = held.bytes;
      held.drop(operation.end);
      if (direction === 0 && operation.tag === EXTENDED_REQUEST) {
        const name = elementAt(all, operation.from, operation.to);
        this.#isAsked ||= name?.tag === REQUEST_NAME && asciiText(all, name.from, name.to) === START_TLS;
      } else if (direction === 1 && operation.tag === EXTENDED_RESPONSE && this.#isAsked) {
        const code = elementAt(all, operation.from, operation.to);
        if (code?.tag === TAG_ENUMERATED && all[code.from] === 0) return TLS(held.length, this.#held[0]);
        this.#isAsked = false;
        if (this.#read(0) === 'over') return 'over';
      }
    }
  }
}

/** Could more bytes make this an LDAPMessage? Sequence, message id, and one of the first requests, as far as they have come. */
function beginsLdap(bytes: Uint8Array, from: number, to: number): boolean {
  if (bytes[from] !== TAG_SEQUENCE || to - from > MAX_LDAP_OCTETS) return false;
  const lengthOctets = to - from < 2 || bytes[from + 1] < 0x80 ? 0 : bytes[from + 1] & 0x7f;
  const id = from + 2 + lengthOctets;
  if (lengthOctets > 4 || (id < to && bytes[id] !== TAG_INTEGER)) return false;
  const operation = id + 2 + bytes[id + 1];
  return id + 1 >= to || (operation <= id + 6 && (operation >= to || FIRST_REQUESTS.includes(bytes[operation])));
}

const ldap: Recogniser = {
  name: 'ldap',
  probe(direction, bytes, from, to) {
    if (direction !== 0) return 'no';
    const operation = operationAt(bytes, from, to);
    if (operation === undefined) return beginsLdap(bytes, from, to) ? 'more' : 'no';
    return FIRST_REQUESTS.includes(operation.tag) ? 'yes' : 'no';
  },
  open: () => new LdapWatcher(),
};

// ---- RDP

const TPKT_VERSION = 3;
const CONNECTION_REQUEST = 0xe0;
const CONNECTION_CONFIRM = 0xd0;
const NEGOTIATION_RESPONSE = 2;
const TPKT_OCTETS = 4;
/** TPKT, X.224 header, negotiation response up to the protocol that the server chose. */
const CONFIRM_OCTETS = 19;

const rdp: Recogniser = {
  name: 'rdp',
  probe(direction, bytes, from, to) {
    if (direction !== 0) return 'no';
    const start = matches(bytes, from, to, [TPKT_VERSION, 0]);
    if (start !== 'yes') return start;
    if (to - from < 6) return 'more';
    const length = (bytes[from + 2] << 8) | bytes[from + 3];
    const isRequest = bytes[from + 5] === CONNECTION_REQUEST && bytes[from + 4] === length - TPKT_OCTETS - 1;
    return isRequest && length === to - from ? 'yes' : isRequest && length > to - from ? 'more' : 'no';
  },
  open: (): Watcher => {
    const server = new Held();
    const client = new Held();
    return {
      data(direction, bytes, from, to) {
        if (direction === 0) return keep(client, bytes, from, to);
        server.add(bytes, from, to);
        const { bytes: all } = server;
        if (all.length < CONFIRM_OCTETS)
          return all[0] === TPKT_VERSION && all.length < TPKT_OCTETS ? 'watch' : plainRdp(all);
        const isTls = all[5] === CONNECTION_CONFIRM && all[11] === NEGOTIATION_RESPONSE && all[15] !== 0;
        client.drop(tpktOctets(client.bytes));
        return isTls ? TLS(all.length - CONFIRM_OCTETS, client) : 'over';
      },
    };
  },
};

/** Length of the TPKT packet at the beginning. */
function tpktOctets(bytes: Uint8Array): number {
  return bytes.length < TPKT_OCTETS ? bytes.length : Math.min(bytes.length, (bytes[2] << 8) | bytes[3]);
}

/** A confirmation that is complete without a negotiation response: no TLS. */
function plainRdp(all: Uint8Array): Watched {
  return all[0] === TPKT_VERSION && ((all[2] << 8) | all[3]) >= CONFIRM_OCTETS ? 'watch' : 'over';
}

// ---- XMPP

const STREAM = /^(?:<\?xml[^>]{0,200}>\s*)?<stream:stream\s/;
const PROCEED = /<proceed\s[^>]{0,200}>/;
const MAX_PROCEED_OCTETS = 256;
const MAX_XMPP_OCTETS = 4 * 1024;

const xmpp: Recogniser = {
  name: 'xmpp',
  probe(_direction, bytes, from, to) {
    if (bytes[from] !== 0x3c) return 'no';
    const text = asciiText(bytes, from, Math.min(to, from + 512));
    if (STREAM.test(text)) return 'yes';
    return to - from < 256 && /^<(?:\?|s|$)/.test(text) ? 'more' : 'no';
  },
  open: (): Watcher => {
    const server = new Held();
    const early = new Held();
    // What stands before has been searched; an element that has begun there is searched again.
    let searched = 0;
    return {
      data(direction, bytes, from, to) {
        // Who was named first need not be the client here: the answer is what counts.
        if (direction === 0) {
          // No XML has the octet that TLS begins with.
          let at = from;
          while (early.length === 0 && at < to && bytes[at] !== TLS_HANDSHAKE) at++;
          return keep(early, bytes, at, to);
        }
        server.add(bytes, from, to);
        if (server.bytes.length > MAX_XMPP_OCTETS) return 'over';
        const all = server.bytes;
        const text = asciiText(all, searched, all.length);
        const match = PROCEED.exec(text);
        searched = Math.max(0, all.length - MAX_PROCEED_OCTETS);
        return match === null ? 'watch' : TLS(text.length - match.index - match[0].length, early);
      },
    };
  },
};

export const BINARY_PROTOCOLS: readonly Recogniser[] = [postgresql, mysql, ldap, rdp, xmpp];
