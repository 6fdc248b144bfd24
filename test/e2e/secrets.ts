// Traffic with more than two hundred secrets in it, each of its own: passwords, tokens, cookies, keys, in the places where protocols carry
// them, in good and in broken messages. The tests look for every one of them in everything that comes out.

import { createHash } from 'node:crypto';
import { ip, type MadePacket, onEthernet, tcpFrame, udpFrame } from '../kit/packets.ts';
import { bytes, text, u16, u32 } from '../wire/frames.ts';

export interface Secret {
  /** Where it stands, for messages. */
  readonly place: string;
  readonly word: string;
  /** The record it may be shown in with `show_secrets`; undefined: in none at all. */
  readonly shown?: 'http';
}

const CRLF = '\r\n';
const base64 = (word: string) => Buffer.from(word).toString('base64');

/** `>` what the client sends, `<` what the server sends. */
type Talk = readonly (readonly ['>' | '<', string | Uint8Array])[];

export class SecretTraffic {
  readonly secrets: Secret[] = [];
  readonly packets: MadePacket[] = [];
  #connections = 0;

  constructor() {
    for (let i = 0; i < 12; i++) this.#http(i);
    for (let i = 0; i < 6; i++) this.#brokenHttp();
    for (let i = 0; i < 8; i++) this.#socks();
    for (let i = 0; i < 8; i++) this.#mail();
    for (let i = 0; i < 5; i++) this.#directories();
    for (let i = 0; i < 6; i++) this.#hosts();
    for (let i = 0; i < 4; i++) this.#unknown();
  }

  /** A word that nothing else has. */
  #secret(place: string, shown?: 'http'): string {
    const word = `Zq${createHash('sha256').update(`${place} ${this.secrets.length}`).digest('hex').slice(0, 14)}`;
    this.secrets.push({ place, word, ...(shown === undefined ? {} : { shown }) });
    return word;
  }

  // ---- HTTP

  #http(i: number): void {
    const form = `user=u&password=${this.#secret('form')}&api_key=${this.#secret('form key')}`;
    const json = JSON.stringify({ password: this.#secret('JSON body') });
    const body = i % 2 === 0 ? form : json;
    const type = i % 2 === 0 ? 'application/x-www-form-urlencoded' : 'application/json';
    const answer = `{"access_token":"${this.#secret('response body')}"}`;
    this.#talk(80, [
      [
        '>',
        [
          `POST /login?password=${this.#secret('query', 'http')}&token=${this.#secret('query', 'http')}&page=1 HTTP/1.1`,
          'Host: h.example',
          `Authorization: Basic ${base64(`user${i}:${this.#secret('Basic')}`)}`,
          `Proxy-Authorization: Bearer ${this.#secret('Proxy-Authorization')}`,
          `Cookie: sid=${this.#secret('Cookie')}; theme=${this.#secret('Cookie')}`,
          `X-Api-Key: ${this.#secret('X-Api-Key')}`,
          `Referer: http://u:${this.#secret('user info', 'http')}@r.example/?secret=${this.#secret('Referer', 'http')}`,
          `Content-Type: ${type}`,
          `Content-Length: ${body.length}`,
          '',
          body,
        ].join(CRLF),
      ],
      [
        '<',
        [
          'HTTP/1.1 302 Found',
          `Set-Cookie: id=${this.#secret('Set-Cookie')}; Path=/`,
          `Location: /x?code=${this.#secret('Location')}`,
          'Content-Type: application/json',
          `Content-Length: ${answer.length}`,
          '',
          answer,
        ].join(CRLF),
      ],
    ]);
  }

  /** Messages that break where a secret stands: errors may quote, but not this. */
  #brokenHttp(): void {
    this.#talk(80, [
      ['>', `GET /a HTTP/1.1${CRLF}Host: h${CRLF}Authorization Bearer ${this.#secret('no colon')}${CRLF}${CRLF}`],
      ['<', `HTTP/1.1 200 OK${CRLF}Transfer-Encoding: chunked${CRLF}${CRLF}zz${this.#secret('chunk size')}${CRLF}`],
    ]);
    this.#talk(80, [
      ['>', `POST /b?access_token=${this.#secret('cut head')} HTTP/1.1${CRLF}Cookie: s=${this.#secret('cut head')}`],
    ]);
    this.#talk(80, [
      [
        '>',
        `GET http://u:${this.#secret('absolute target', 'http')}@p.example/ HTTP/1.1${CRLF}Host: p.example${CRLF}${CRLF}`,
      ],
      ['>', `password=${this.#secret('garbage')}${CRLF}`],
    ]);
    this.#talk(8080, [
      [
        '>',
        `GET / HTTP/1.1${CRLF}Host: h${CRLF}Authorization: Digest username="u",${CRLF} response="${this.#secret('folded')}"${CRLF}${CRLF}`,
      ],
      ['<', `HTTP/1.1 401 Unauthorized${CRLF}Content-Length: 0${CRLF}${CRLF}`],
    ]);
  }

  // ---- protocols that carry others, or begin in clear

  #socks(): void {
    const password = this.#secret('SOCKS 5 password');
    this.#talk(1080, [
      ['>', bytes(5, 1, 2)],
      ['<', bytes(5, 2)],
      ['>', bytes(1, 4, text('user'), password.length, text(password))],
      ['<', bytes(1, 0)],
      ['>', bytes(5, 1, 0, 1, 10, 0, 0, 9, u16(80))],
      ['<', bytes(5, 0, 0, 1, 0, 0, 0, 0, u16(0))],
      ['>', `GET /?token=${this.#secret('HTTP in SOCKS', 'http')} HTTP/1.1${CRLF}Host: h${CRLF}${CRLF}`],
    ]);
  }

  #mail(): void {
    this.#talk(25, [
      ['<', `220 mx.example ESMTP${CRLF}`],
      ['>', `EHLO me${CRLF}`],
      ['<', `250-mx.example${CRLF}250 AUTH LOGIN PLAIN STARTTLS${CRLF}`],
      ['>', `AUTH LOGIN${CRLF}`],
      ['<', `334 UGFzc3dvcmQ6${CRLF}`],
      ['>', `${base64(this.#secret('SMTP AUTH LOGIN'))}${CRLF}`],
      ['>', `AUTH PLAIN ${base64(`\0u\0${this.#secret('SMTP AUTH PLAIN')}`)}${CRLF}`],
    ]);
    this.#talk(143, [
      ['<', `* OK IMAP4rev1${CRLF}`],
      ['>', `a1 LOGIN user ${this.#secret('IMAP LOGIN')}${CRLF}`],
      ['<', `a1 NO wrong password ${this.#secret('IMAP answer')}${CRLF}`],
    ]);
    this.#talk(110, [
      ['<', `+OK POP3 ready${CRLF}`],
      ['>', `USER u${CRLF}`],
      ['>', `PASS ${this.#secret('POP3 PASS')}${CRLF}`],
    ]);
    this.#talk(21, [
      ['<', `220 FTP server${CRLF}`],
      ['>', `USER u${CRLF}`],
      ['>', `PASS ${this.#secret('FTP PASS')}${CRLF}`],
    ]);
  }

  #directories(): void {
    const ldap = this.#secret('LDAP bind');
    const bind = bytes(2, 1, 3, 4, 1, text('u'), 0x80, ldap.length, text(ldap));
    const request = bytes(2, 1, 1, 0x60, bind.length, bind);
    this.#talk(389, [['>', bytes(0x30, request.length, request)]]);
    const postgres = this.#secret('PostgreSQL password');
    this.#talk(5432, [
      ['>', bytes(u32(8), u32(80877103))],
      ['<', 'N'],
      ['>', bytes(text('p'), u32(5 + postgres.length), text(postgres), 0)],
    ]);
    this.#talk(6379, [['>', `AUTH ${this.#secret('Redis AUTH')}${CRLF}`]]);
    this.#talk(23, [
      ['<', 'Password: '],
      ['>', `${this.#secret('Telnet')}${CRLF}`],
    ]);
  }

  // ---- datagrams

  #hosts(): void {
    const token = this.#secret('DHCP configuration token');
    const dhcp = (type: number, word: string) =>
      bytes(
        type === 1 ? 1 : 2,
        1,
        6,
        0,
        u32(this.#connections + 1),
        new Uint8Array(20),
        2,
        0,
        0,
        0,
        0,
        this.#connections & 255,
        new Uint8Array(202),
        99,
        130,
        83,
        99,
        53,
        1,
        type,
        90,
        11 + word.length,
        0,
        0,
        0,
        new Uint8Array(8),
        text(word),
        255,
      );
    this.#datagram({ from: '0.0.0.0', to: '255.255.255.255' }, 68, 67, dhcp(1, token));
    const key = this.#secret('DHCPv6 reconfigure key');
    const auth = bytes(3, 1, 0, new Uint8Array(8), 1, text(key));
    this.#datagram(
      { from: 'fe80::1', to: 'fe80::2' },
      547,
      546,
      bytes(
        7,
        0,
        0,
        this.#connections & 255,
        u16(1),
        u16(10),
        u16(3),
        u16(1),
        2,
        0,
        0,
        0,
        0,
        9,
        u16(11),
        u16(auth.length),
        auth,
      ),
    );
    this.#packet(
      onEthernet(ip(1, bytes(8, 0, u16(0), u16(7), u16(this.#connections), text(this.#secret('ping payload'))))),
    );
    this.#datagram(
      {},
      161,
      161,
      bytes(0x30, 29, 2, 1, 1, 4, 16, text(this.#secret('SNMP community')), 0xa0, 6, 2, 4, 0, 0, 0, 1),
    );
  }

  #unknown(): void {
    this.#talk(4444, [
      ['>', `hello ${this.#secret('unknown protocol')}\n`],
      ['<', `ok ${this.#secret('unknown protocol')}\n`],
    ]);
    this.#datagram({}, 5555, 5556, text(`key=${this.#secret('unknown datagram')}`));
    this.#talk(80, [['>', `PRI * HTTP/2.0${CRLF}${CRLF}SM${CRLF}${CRLF}${this.#secret('HTTP/2')}`]]);
  }

  // ---- packets

  #packet(frame: Uint8Array): void {
    this.packets.push({ at: this.packets.length / 100, bytes: frame });
  }

  #datagram(fields: { from?: string; to?: string }, source: number, destination: number, payload: Uint8Array): void {
    this.#connections++;
    this.#packet(udpFrame(source, destination, { ...fields, payload }));
  }

  #talk(port: number, talk: Talk): void {
    const client = 20_000 + this.#connections++;
    const next = { '>': 1001, '<': 5001 };
    const send = (side: '>' | '<', flags: string, payload: Uint8Array, seq: number, ack: number) => {
      const [from, to] = side === '>' ? ['10.0.0.1', '10.0.0.2'] : ['10.0.0.2', '10.0.0.1'];
      const [source, destination] = side === '>' ? [client, port] : [port, client];
      this.#packet(tcpFrame(source, destination, { from, to, flags, seq, ack, payload }));
    };
    const nothing = new Uint8Array(0);
    send('>', 'S', nothing, 1000, 0);
    send('<', 'SA', nothing, 5000, 1001);
    send('>', 'A', nothing, 1001, 5001);
    for (const [side, said] of talk) {
      const payload = typeof said === 'string' ? text(said) : said;
      send(side, 'PA', payload, next[side], next[side === '>' ? '<' : '>']);
      next[side] += payload.length;
    }
    send('>', 'FA', nothing, next['>'], next['<']);
    send('<', 'FA', nothing, next['<'], next['>'] + 1);
  }
}
