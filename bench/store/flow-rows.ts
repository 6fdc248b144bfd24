// Flow rows as a site of some thousand hosts makes them, as column batches: the same for the same seed. What matters for a store is
// how values repeat: few hosts do most (Zipf), addresses of clients come back, ports and protocols are few, counters spread over
// magnitudes (log-normal), times have nine random digits, most of what is optional is absent.

import { flowRecord } from '../../src/flow/record.ts';
import { storedFields } from '../../src/records/columnar.ts';
import type { Column, ColumnBatch } from '../../src/records/columns.ts';
import { columnName } from '../../src/records/record.ts';
import { Random } from '../../test/kit/generate/random.ts';

export interface FlowRowsOptions {
  readonly seed: number;
  readonly rows: number;
  /** Unix seconds. */
  readonly from: number;
  readonly seconds: number;
  readonly batchRows?: number;
}

const CLIENTS = 4000;
const SERVERS = 60_000;

interface Service {
  readonly share: number;
  readonly port: number;
  readonly transport: string;
  readonly protocol: string | null;
}
const SERVICES: readonly Service[] = [
  { share: 0.46, port: 443, transport: 'tcp', protocol: 'tls' },
  { share: 0.24, port: 53, transport: 'udp', protocol: 'dns' },
  { share: 0.12, port: 443, transport: 'udp', protocol: 'quic' },
  { share: 0.06, port: 80, transport: 'tcp', protocol: 'http' },
  { share: 0.04, port: 123, transport: 'udp', protocol: null },
  { share: 0.03, port: 22, transport: 'tcp', protocol: null },
  { share: 0.02, port: 3306, transport: 'tcp', protocol: null },
  { share: 0.03, port: -1, transport: 'tcp', protocol: null },
];

/** Hour of day, UTC: nights are quiet. */
const DAY = Float64Array.from({ length: 24 }, (_, hour) => 1 + 0.8 * Math.sin(((hour - 8) / 24) * 2 * Math.PI));

/** Picks of a Zipf-like law, from a table. */
function popularity(random: Random, count: number, power: number): () => number {
  const table = new Uint32Array(1 << 16);
  for (let i = 0; i < table.length; i++) table[i] = Math.floor(count * ((i + 0.5) / table.length) ** power);
  return () => table[random.word() >>> 16];
}

/** Small hash: an attribute of a host that stays. */
const attribute = (host: number, salt: number): number => Math.imul(host ^ salt, 0x9e3779b1) >>> 16;

const encoder = new TextEncoder();

class Words {
  readonly #codes = new Map<string, number>();
  readonly #entries: Uint8Array[] = [];
  readonly codes: Uint32Array;
  readonly present: Uint8Array;

  constructor(rows: number) {
    this.codes = new Uint32Array(rows);
    this.present = new Uint8Array(rows);
  }
  set(row: number, text: string | null): void {
    if (text === null) return;
    let code = this.#codes.get(text);
    if (code === undefined) {
      code = this.#entries.push(encoder.encode(text)) - 1;
      this.#codes.set(text, code);
    }
    this.codes[row] = code;
    this.present[row] = 1;
  }
  column(name: string): Column {
    const offsets = new Uint32Array(this.#entries.length + 1);
    for (const [i, entry] of this.#entries.entries()) offsets[i + 1] = offsets[i] + entry.length;
    const dictionaryBytes = new Uint8Array(offsets[this.#entries.length]);
    for (const [i, entry] of this.#entries.entries()) dictionaryBytes.set(entry, offsets[i]);
    const { codes, present } = this;
    return { name, kind: 'keyword', codes, dictionaryBytes, dictionaryOffsets: offsets, present: some(present) };
  }
}

class Numbers {
  readonly values: Float64Array;
  readonly present: Uint8Array;
  constructor(rows: number) {
    this.values = new Float64Array(rows);
    this.present = new Uint8Array(rows);
  }
  set(row: number, value: number): void {
    this.values[row] = value;
    this.present[row] = 1;
  }
}

/** Undefined when all are there. */
const some = (present: Uint8Array): Uint8Array | undefined => (present.includes(0) ? present : undefined);

const mac = (host: number): string =>
  ['00', '50', '56', (host >> 8) & 255, host & 255, 1]
    .map((byte) => (typeof byte === 'string' ? byte : byte.toString(16).padStart(2, '0').toUpperCase()))
    .join('-');

/** Batches in the order in which flows end. */
export function* flowRows(options: FlowRowsOptions): Generator<ColumnBatch> {
  const random = new Random(options.seed);
  const size = options.batchRows ?? 32_768;
  const client = popularity(random, CLIENTS, 2);
  const server = popularity(random, SERVERS, 3);
  const logNormal = popularity(random, 1000, 1);
  const spread = Float64Array.from({ length: 1000 }, (_, i) => {
    // Inverse of the normal distribution, roughly (logit): magnitudes of counters and durations.
    const p = (i + 0.5) / 1000;
    return Math.log(p / (1 - p)) / 1.7;
  });
  const normal = () => spread[logNormal()];
  const clientMacs = Array.from({ length: CLIENTS }, (_, host) => mac(host));
  let seconds = options.from;
  let nanos = 0;
  let packet = 1;
  const meanGap = (options.seconds * 1e9) / options.rows;
  for (let done = 0; done < options.rows; done += size) {
    const rows = Math.min(size, options.rows - done);
    const words = new Map<string, Words>();
    const numbers = new Map<string, Numbers>();
    const times = new Map<string, { seconds: Uint32Array; nanos: Uint32Array }>();
    const addresses = new Map<string, Uint32Array>();
    const finals = new Uint8Array(rows);
    const word = (name: string) => words.get(name) ?? words.set(name, new Words(rows)).get(name)!;
    const number = (name: string) => numbers.get(name) ?? numbers.set(name, new Numbers(rows)).get(name)!;
    for (const name of ['start', 'end']) {
      times.set(name, { seconds: new Uint32Array(rows), nanos: new Uint32Array(rows) });
    }
    for (const name of ['sourceIp', 'destinationIp']) addresses.set(name, new Uint32Array(rows * 4));
    const [start, end] = [times.get('start')!, times.get('end')!];
    const [source, destination] = [addresses.get('sourceIp')!, addresses.get('destinationIp')!];
    for (let row = 0; row < rows; row++) {
      const hour = Math.floor(seconds / 3600) % 24;
      nanos += Math.floor((meanGap * 2 * (random.word() / 0x1_0000_0000)) / DAY[hour]);
      while (nanos >= 1e9) {
        nanos -= 1e9;
        seconds++;
      }
      const who = client();
      const to = server();
      const isV6 = attribute(who, 1) % 100 < 15 && attribute(to, 2) % 100 < 50;
      let pick = random.word() / 0x1_0000_0000;
      const service = SERVICES.find(({ share }) => (pick -= share) < 0) ?? SERVICES[0];
      const isTcp = service.transport === 'tcp';
      // Resolvers and time servers are a handful.
      const host = service.port === 53 || service.port === 123 ? to % 4 : to;
      end.seconds[row] = seconds;
      end.nanos[row] = nanos;
      const duration = Math.floor(Math.exp((isTcp ? 20 : 17) + 2.2 * normal()));
      const begin = Math.max(0, nanos - (duration % 1e9));
      start.seconds[row] = seconds - Math.min(3000, Math.floor(duration / 1e9));
      start.nanos[row] = begin;
      const [a, b] = [row * 4, row * 4];
      if (isV6) {
        source.set([0x20010db8, who >> 6, attribute(who, 5) << 16, attribute(who, 6)], a);
        destination.set([0x2a000000 + (host % 200), host >> 8, 0, attribute(host, 7)], b);
      } else {
        source.set([0, 0, 0xffff, 0x0a000000 + who], a);
        destination.set([0, 0, 0xffff, Math.imul(host + 17, 0x9e3779b1) >>> 1], b);
      }
      number('sourcePort').set(row, 32_768 + random.below(28_000));
      number('destinationPort').set(row, service.port < 0 ? 1024 + random.below(40_000) : service.port);
      word('sourceMac').set(row, clientMacs[who]);
      word('destinationMac').set(row, '00-50-56-FF-00-01');
      word('networkType').set(row, isV6 ? 'ipv6' : 'ipv4');
      word('transport').set(row, service.transport);
      word('direction').set(row, 'unknown');
      const isFinal = random.chance(0.97);
      finals[row] = isFinal ? 1 : 0;
      word('reason').set(row, isFinal ? (isTcp ? (random.chance(0.2) ? 'rst' : 'fin') : 'timeout') : 'interval');
      packet += random.below(40);
      number('firstPacket').set(row, Math.max(1, packet - random.below(4000)));
      word('confidence').set(row, isTcp ? 'certain' : 'likely');
      const out = isTcp
        ? 6 + Math.floor(Math.exp(1 + 1.2 * normal()))
        : 1 + (random.chance(0.1) ? random.below(20) : 0);
      const back = isTcp ? 5 + Math.floor(Math.exp(1.3 + 1.4 * normal())) : out;
      const sent = isTcp ? 400 + Math.floor(Math.exp(6.4 + 1.1 * normal())) : out * (34 + random.below(40));
      const received = isTcp ? 3000 + Math.floor(Math.exp(8 + 1.6 * normal())) : back * (60 + random.below(300));
      const header = isV6 ? 74 : 54;
      number('sourcePackets').set(row, out);
      number('sourceBytes').set(row, sent + out * header);
      number('destinationPackets').set(row, back);
      number('destinationBytes').set(row, received + back * header);
      number('sourcePayload').set(row, sent);
      number('destinationPayload').set(row, received);
      word('networkProtocol').set(row, service.protocol);
      const ttl = attribute(who, 3) % 3 === 0 ? 128 : 64;
      const far = 255 - (attribute(host, 4) % 200);
      number('sourceTtlMin').set(row, ttl);
      number('sourceTtlMax').set(row, ttl);
      number('destinationTtlMin').set(row, far);
      number('destinationTtlMax').set(row, far);
      number('sourceDscp').set(row, 0);
      number('destinationDscp').set(row, random.chance(0.05) ? 8 : 0);
      if (!isTcp) continue;
      word('tcpState').set(row, isFinal ? 'closed' : 'established');
      word('sourceTcpFlags').set(row, random.chance(0.2) ? 'FSRPA' : 'FSPA');
      word('destinationTcpFlags').set(row, 'FSPA');
      const rtt = 200_000 + (attribute(host, 9) % 400) * 250_000 + random.below(200_000);
      number('serverRtt').set(row, rtt);
      number('handshakeRtt').set(row, rtt + 20_000 + random.below(60_000));
      if (random.chance(0.06)) number('sourceRetransmits').set(row, 1 + random.below(3));
      if (random.chance(0.04)) number('destinationRetransmits').set(row, 1 + random.below(5));
    }
    yield { type: flowRecord.name, rows, columns: columns(rows, words, numbers, times, addresses, finals) };
  }
}

function columns(
  rows: number,
  words: ReadonlyMap<string, Words>,
  numbers: ReadonlyMap<string, Numbers>,
  times: ReadonlyMap<string, { seconds: Uint32Array; nanos: Uint32Array }>,
  addresses: ReadonlyMap<string, Uint32Array>,
  finals: Uint8Array,
): Column[] {
  return storedFields(flowRecord).map(([property, field]): Column => {
    const name = columnName(field);
    switch (field.kind) {
      case 'time':
        return { name, kind: 'time', ...times.get(property)!, present: undefined };
      case 'ip':
        return { name, kind: 'ip', words: addresses.get(property)!, present: undefined };
      case 'bool':
        return { name, kind: 'bool', values: finals, present: undefined };
      case 'int':
      case 'duration': {
        const { values, present } = numbers.get(property) ?? new Numbers(rows);
        return { name, kind: 'int', values, present: some(present) };
      }
      case 'keyword':
        return (words.get(property) ?? new Words(rows)).column(name);
      default:
        return {
          name,
          kind: 'text',
          json: true,
          bytes: new Uint8Array(0),
          offsets: new Uint32Array(rows + 1),
          present: new Uint8Array(rows),
        };
    }
  });
}
