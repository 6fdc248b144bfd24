// DNS over UDP: a query, then its answer. RFC 1035, RFC 2782 (SRV), RFC 3596 (AAAA), RFC 6891 (EDNS). Half of the queries have a
// source port of their own, as resolvers send them; the others share one per client.

import type { Frame } from './frame.ts';
import type { Traffic } from './pcap-writer.ts';
import { Random } from './random.ts';

const TYPE_A = 1;
const TYPE_CNAME = 5;
const TYPE_MX = 15;
const TYPE_TXT = 16;
const TYPE_AAAA = 28;
const TYPE_SRV = 33;
const TYPE_OPT = 41;
const CLASS_IN = 1;
const FLAGS_QUERY = 0x0100;
const FLAGS_ANSWER = 0x8180;
const NXDOMAIN = 3;
/** A pointer to the question's name. */
const QUESTION_NAME = 0xc00c;
const PORT = 53;
const CLIENTS = 300;
const RESOLVERS = 4;
const LABELS = ['www', 'mail', 'cdn', 'api', 'static', 'login', 'img', 'telemetry', 'updates', 'ns1', 'edge', 'assets'];
const DOMAINS = [
  'example.com',
  'example.org',
  'example.net',
  'shop.example',
  'news.example',
  'video.example',
  'social.example',
];
/** What is asked, as often as it stands here. `x` is a name that does not exist. */
const ASKED = ['a', 'a', 'a', 'a', 'aaaa', 'aaaa', 'cname', 'mx', 'txt', 'srv', 'x'] as const;
const TYPES = { a: TYPE_A, aaaa: TYPE_AAAA, cname: TYPE_A, mx: TYPE_MX, txt: TYPE_TXT, srv: TYPE_SRV, x: TYPE_A };
/** Queries that are under way at once. */
const OPEN = 32;

interface Query {
  client: number;
  resolver: number;
  port: number;
  id: number;
  asked: (typeof ASKED)[number];
  name: Buffer;
  edns: boolean;
}

export class DnsTraffic implements Traffic {
  /** Answers sent: the transactions of the file so far. */
  transactions = 0;
  readonly #random: Random;
  readonly #v6: number;
  readonly #open: Query[] = [];
  readonly #message = Buffer.alloc(2048);
  #at = 0;
  #asked = 0;

  constructor(options: { seed: number; v6?: number }) {
    this.#random = new Random(options.seed);
    this.#v6 = options.v6 ?? 0;
  }

  packet(frame: Frame): void {
    const random = this.#random;
    if (this.#open.length < OPEN && random.chance(0.5 + (OPEN / 2 - this.#open.length) / OPEN)) {
      const query = this.#ask();
      this.#open.push(query);
      this.#begin(query, FLAGS_QUERY, 0, query.edns ? 1 : 0);
      if (query.edns) this.#opt();
      this.#send(frame, query, true);
      return;
    }
    const at = random.below(this.#open.length);
    const query = this.#open[at];
    this.#open[at] = this.#open[this.#open.length - 1];
    this.#open.pop();
    this.#answer(query);
    this.#send(frame, query, false);
    this.transactions++;
  }

  #ask(): Query {
    const random = this.#random;
    const n = random.below(CLIENTS);
    const name = `${random.pick(LABELS)}${random.below(40)}.${random.pick(DOMAINS)}`;
    const ownPort = (this.#asked++ & 1) === 0;
    return {
      client: 0x0a020000 | n,
      resolver: 0x0a000035 + random.below(RESOLVERS) * 256,
      port: ownPort ? 1024 + random.below(64_000) : 20_000 + n,
      id: random.word() & 0xffff,
      asked: random.pick(ASKED),
      name: Buffer.concat([
        ...name.split('.').map((label) => Buffer.from(String.fromCharCode(label.length) + label, 'latin1')),
        Buffer.alloc(1),
      ]),
      edns: random.chance(0.5),
    };
  }

  #begin(query: Query, flags: number, answers: number, additionals: number): void {
    const m = this.#message;
    m.writeUInt16BE(query.id, 0);
    m.writeUInt16BE(flags, 2);
    m.writeUInt16BE(1, 4);
    m.writeUInt16BE(answers, 6);
    m.writeUInt16BE(0, 8);
    m.writeUInt16BE(additionals, 10);
    this.#at = 12;
    this.#bytes(query.name);
    this.#u16(TYPES[query.asked]);
    this.#u16(CLASS_IN);
  }

  #answer(query: Query): void {
    const random = this.#random;
    const { asked } = query;
    const count = asked === 'x' ? 0 : asked === 'txt' ? 1 : asked === 'cname' ? 3 : random.between(1, 4);
    this.#begin(query, asked === 'x' ? FLAGS_ANSWER | NXDOMAIN : FLAGS_ANSWER, count, query.edns ? 1 : 0);
    let owner = QUESTION_NAME;
    for (let i = 0; i < count; i++) {
      if (asked === 'cname' && i === 0) {
        const data = Buffer.concat([Buffer.from('\x04edge', 'latin1'), Buffer.from([0xc0, 12])]);
        this.#record(owner, TYPE_CNAME, data.length);
        owner = 0xc000 | this.#at;
        this.#bytes(data);
      } else if (asked === 'aaaa') {
        this.#record(owner, TYPE_AAAA, 16);
        for (const word of [0x20010db8, random.word(), 0, random.word()]) this.#u32(word);
      } else if (asked === 'mx') {
        this.#record(owner, TYPE_MX, 9);
        this.#u16(10 * (i + 1));
        this.#bytes(Buffer.from([4, 0x6d, 0x78, 0x30 + i, 0x61, 0xc0, 12]));
      } else if (asked === 'txt') {
        const text = Buffer.from(`v=spf1 ip4:192.0.2.${random.below(256)} include:_spf.example.com ~all`, 'latin1');
        this.#record(owner, TYPE_TXT, text.length + 1);
        this.#message[this.#at++] = text.length;
        this.#bytes(text);
      } else if (asked === 'srv') {
        this.#record(owner, TYPE_SRV, 12);
        this.#u16(10);
        this.#u16(60);
        this.#u16(5060 + i);
        this.#bytes(Buffer.from([3, 0x73, 0x69, 0x70, 0xc0, 12]));
      } else {
        this.#record(owner, TYPE_A, 4);
        this.#u32(0xc6336400 | random.below(256));
      }
    }
    if (query.edns) this.#opt();
  }

  #record(owner: number, type: number, length: number): void {
    this.#u16(owner);
    this.#u16(type);
    this.#u16(CLASS_IN);
    this.#u32(300);
    this.#u16(length);
  }

  #opt(): void {
    this.#message[this.#at++] = 0;
    this.#u16(TYPE_OPT);
    this.#u16(1232);
    this.#u32(0);
    this.#u16(0);
  }

  #send(frame: Frame, query: Query, ask: boolean): void {
    const { client, resolver, port } = query;
    const from = ask ? client : resolver;
    const to = ask ? resolver : client;
    frame.ethernet(ask ? client & 0xffff : 0x100, ask ? 0x100 : client & 0xffff);
    if (((client * 7) & 1023) < this.#v6 * 1024) frame.ip6(from >>> 0, to >>> 0);
    else frame.ip4(from, to, 64, this.#random.word() & 0xffff);
    frame.udp(ask ? port : PORT, ask ? PORT : port).payload(this.#message, 0, this.#at);
  }

  #u16(value: number): void {
    this.#at = this.#message.writeUInt16BE(value, this.#at);
  }
  #u32(value: number): void {
    this.#at = this.#message.writeUInt32BE(value >>> 0, this.#at);
  }
  #bytes(bytes: Uint8Array): void {
    this.#message.set(bytes, this.#at);
    this.#at += bytes.length;
  }
}
