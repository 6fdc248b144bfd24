// Flow rows as a site of some thousand hosts makes them, as column batches: the same for the same seed. What matters for a store is
// how values repeat: few hosts do most (Zipf), addresses of clients come back, ports and protocols are few, counters spread over
// magnitudes (log-normal), times have nine random digits or six, most of what is optional is absent.

import { flowRecord } from '../../src/flow/record.ts';
import { enrichedBy } from '../../src/processors/customise.ts';
import { storedFields } from '../../src/records/columnar.ts';
import type { Column, ColumnBatch } from '../../src/records/columns.ts';
import { columnName, isRest, restName } from '../../src/records/record.ts';
import { Random } from '../../test/kit/generate/random.ts';

/** As a store has them where neither places nor processes are asked for. */
export const rowsType = enrichedBy(flowRecord, []);

export interface FlowRowsOptions {
  readonly seed: number;
  readonly rows: number;
  /** Unix seconds. */
  readonly from: number;
  readonly seconds: number;
  readonly batchRows?: number;
  /** Times are whole µs, as in captures of tcpdump; else ns, as the kernel's ring gives them. */
  readonly isMicros?: boolean;
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
  // Seen where routers meet: a router per few hundred clients.
  const clientMacs = Array.from({ length: CLIENTS }, (_, host) => mac(host >> 8));
  let seconds = options.from;
  let nanos = 0;
  let packet = 1;
  const meanGap = (options.seconds * 1e9) / options.rows;
  const step = options.isMicros ? 1000 : 1;
  const whole = (ns: number): number => ns - (ns % step);
  for (let done = 0; done < options.rows; done += size) {
    const rows = Math.min(size, options.rows - done);
    const c = newColumns(rows);
    const times = new Map<string, { seconds: Uint32Array; nanos: Uint32Array }>();
    const addresses = new Map<string, Uint32Array>();
    const finals = new Uint8Array(rows);
    for (const name of ['start', 'end']) {
      times.set(name, { seconds: new Uint32Array(rows), nanos: new Uint32Array(rows) });
    }
    for (const name of ['sourceIp', 'destinationIp']) addresses.set(name, new Uint32Array(rows * 4));
    const [start, end] = [times.get('start')!, times.get('end')!];
    const [source, destination] = [addresses.get('sourceIp')!, addresses.get('destinationIp')!];
    for (let row = 0; row < rows; row++) {
      nanos += Math.floor(meanGap * 2 * (random.word() / 0x1_0000_0000));
      while (nanos >= 1e9) {
        nanos -= 1e9;
        seconds++;
      }
      const who = client();
      const to = server();
      const isV6 = attribute(who, 1) % 100 < 15 && attribute(to, 2) % 100 < 50;
      let pick = random.word() / 0x1_0000_0000;
      let at = 0;
      while (at < SERVICES.length - 1 && (pick -= SERVICES[at].share) >= 0) at++;
      const service = SERVICES[at];
      const isTcp = service.transport === 'tcp';
      // Resolvers and time servers are a handful.
      const host = service.port === 53 || service.port === 123 ? to % 4 : to;
      end.seconds[row] = seconds;
      end.nanos[row] = whole(nanos);
      const duration = Math.floor(Math.exp((isTcp ? 20 : 17) + 2.2 * normal()));
      const begin = Math.max(0, nanos - (duration % 1e9));
      start.seconds[row] = seconds - Math.min(3000, Math.floor(duration / 1e9));
      start.nanos[row] = whole(begin);
      const [a, b] = [row * 4, row * 4];
      if (isV6) {
        source.set([0x20010db8, who >> 6, attribute(who, 5) << 16, attribute(who, 6)], a);
        destination.set([0x2a000000 + (host % 200), host >> 8, 0, attribute(host, 7)], b);
      } else {
        source.set([0, 0, 0xffff, 0x0a000000 + who], a);
        destination.set([0, 0, 0xffff, Math.imul(host + 17, 0x9e3779b1) >>> 1], b);
      }
      c.sourcePort.set(row, 32_768 + random.below(28_000));
      c.destinationPort.set(row, service.port < 0 ? 1024 + random.below(40_000) : service.port);
      c.sourceMac.set(row, clientMacs[who]);
      c.destinationMac.set(row, '00-50-56-FF-00-01');
      c.networkType.set(row, isV6 ? 'ipv6' : 'ipv4');
      c.transport.set(row, service.transport);
      c.direction.set(row, 'unknown');
      const isFinal = random.chance(0.97);
      finals[row] = isFinal ? 1 : 0;
      c.reason.set(row, isFinal ? (isTcp ? (random.chance(0.2) ? 'rst' : 'fin') : 'timeout') : 'interval');
      packet += random.below(40);
      c.firstPacket.set(row, Math.max(1, packet - random.below(4000)));
      c.confidence.set(row, isTcp ? 'certain' : 'likely');
      const out = isTcp
        ? 6 + Math.floor(Math.exp(1 + 1.2 * normal()))
        : 1 + (random.chance(0.1) ? random.below(20) : 0);
      const back = isTcp ? 5 + Math.floor(Math.exp(1.3 + 1.4 * normal())) : out;
      const sent = isTcp ? 400 + Math.floor(Math.exp(6.4 + 1.1 * normal())) : out * (34 + random.below(40));
      const received = isTcp ? 3000 + Math.floor(Math.exp(8 + 1.6 * normal())) : back * (60 + random.below(300));
      // Time stamps in every TCP segment where both ends want them; what else a handshake has besides.
      const header = (isV6 ? 74 : 54) + (isTcp ? (attribute(who, 8) % 2 === 0 ? 12 : 0) : -12);
      const extra = isTcp ? 20 + (attribute(host, 8) % 3) * 4 : 0;
      c.sourcePackets.set(row, out);
      c.sourceBytes.set(row, sent + out * header + extra);
      c.destinationPackets.set(row, back);
      c.destinationBytes.set(row, received + back * header + extra);
      c.sourcePayload.set(row, sent);
      c.destinationPayload.set(row, received);
      c.networkProtocol.set(row, service.protocol);
      const ttl = attribute(who, 3) % 3 === 0 ? 128 : 64;
      const far = 255 - (attribute(host, 4) % 200);
      c.sourceTtlMin.set(row, ttl);
      c.sourceTtlMax.set(row, ttl);
      c.destinationTtlMin.set(row, far);
      c.destinationTtlMax.set(row, far);
      c.sourceDscp.set(row, 0);
      c.destinationDscp.set(row, random.chance(0.05) ? 8 : 0);
      if (!isTcp) continue;
      c.tcpState.set(row, isFinal ? 'closed' : 'established');
      c.sourceTcpFlags.set(row, random.chance(0.2) ? 'FSRPA' : 'FSPA');
      c.destinationTcpFlags.set(row, 'FSPA');
      const rtt = 200_000 + (attribute(host, 9) % 400) * 250_000 + random.below(200_000);
      c.serverRtt.set(row, whole(rtt));
      c.handshakeRtt.set(row, whole(rtt + 20_000 + random.below(60_000)));
      if (random.chance(0.06)) c.sourceRetransmits.set(row, 1 + random.below(3));
      if (random.chance(0.04)) c.destinationRetransmits.set(row, 1 + random.below(5));
    }
    yield { type: rowsType.name, rows, columns: columns(rows, c, times, addresses, finals) };
  }
}

const newColumns = (rows: number) => ({
  destinationBytes: new Numbers(rows),
  destinationDscp: new Numbers(rows),
  destinationPackets: new Numbers(rows),
  destinationPayload: new Numbers(rows),
  destinationPort: new Numbers(rows),
  destinationRetransmits: new Numbers(rows),
  destinationTtlMax: new Numbers(rows),
  destinationTtlMin: new Numbers(rows),
  firstPacket: new Numbers(rows),
  handshakeRtt: new Numbers(rows),
  serverRtt: new Numbers(rows),
  sourceBytes: new Numbers(rows),
  sourceDscp: new Numbers(rows),
  sourcePackets: new Numbers(rows),
  sourcePayload: new Numbers(rows),
  sourcePort: new Numbers(rows),
  sourceRetransmits: new Numbers(rows),
  sourceTtlMax: new Numbers(rows),
  sourceTtlMin: new Numbers(rows),
  confidence: new Words(rows),
  destinationMac: new Words(rows),
  destinationTcpFlags: new Words(rows),
  direction: new Words(rows),
  networkProtocol: new Words(rows),
  networkType: new Words(rows),
  reason: new Words(rows),
  sourceMac: new Words(rows),
  sourceTcpFlags: new Words(rows),
  tcpState: new Words(rows),
  transport: new Words(rows),
});

function columns(
  rows: number,
  made: Readonly<Record<string, Numbers | Words>>,
  times: ReadonlyMap<string, { seconds: Uint32Array; nanos: Uint32Array }>,
  addresses: ReadonlyMap<string, Uint32Array>,
  finals: Uint8Array,
): Column[] {
  return storedFields(rowsType).map(([property, field]): Column => {
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
        const { values, present } = (made[property] as Numbers | undefined) ?? new Numbers(rows);
        if (!isRest(rowsType, field)) return { name, kind: 'int', values, present: some(present) };
        const rest = values.slice();
        for (const [other, factor] of Object.entries(field.near ?? {})) {
          const from = (made[other] as Numbers | undefined)?.values;
          for (let row = 0; row < rows && from !== undefined; row++) if (present[row]) rest[row] -= factor * from[row];
        }
        return { name: restName(field), kind: 'int', values: rest, present: some(present) };
      }
      case 'keyword':
        return ((made[property] as Words | undefined) ?? new Words(rows)).column(name);
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
