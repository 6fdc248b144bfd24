// A protocol as a target: its probe, analyzer, gatherer and records, driven as the engine drives them. Nothing here knows a protocol by
// name; what is in the registry is fuzzed.

import { FlowView } from '../../../src/protocols/flow-view.ts';
import type {
  Analyzer,
  Context,
  Direction,
  GatherContext,
  Gatherer,
  LossKind,
  Protocol,
  Transport,
} from '../../../src/protocols/protocol.ts';
import { ColumnarRows } from '../../../src/records/columnar.ts';
import { type NdjsonEncoder, ndjsonEncoder } from '../../../src/records/ndjson.ts';
import type { RecordType } from '../../../src/records/record.ts';
import { JsonWriter } from '../../../src/records/writer.ts';
import { checkRecord } from './declared.ts';
import { type Exchange, octetsOf, type Step } from './exchange.ts';
import type { Seeds } from './seeds.ts';
import { type Feeding, Finding, type Outcome, type Target } from './target.ts';

const START_SECONDS = 1_700_000_000;
/** What an analyzer may hold, as the engine's preset has it. */
export const HOLD_LIMIT = 16 * 1024 * 1024;
/** One call may go beyond the limit by what it copies before it asks. */
const HOLD_SLACK = 256 * 1024;
/** A datagram of names that point at each other becomes so much longer as text; nothing may become more. */
const MOST_OUTPUT_PER_OCTET = 600;
const FREE_OUTPUT = 512 * 1024;
/** What stands before and behind a step's bytes. */
const MARGIN = 64;
const PORTS: Readonly<Record<string, number>> = { tcp: 6, udp: 17, icmp: 1, icmpv6: 58, sctp: 132 };

const encoders = new Map<RecordType, NdjsonEncoder>();
function encoderOf(type: RecordType): NdjsonEncoder {
  let encoder = encoders.get(type);
  if (encoder === undefined) encoders.set(type, (encoder = ndjsonEncoder(type)));
  return encoder;
}

const columns = new Map<RecordType, ColumnarRows>();
const ROWS_AT_ONCE = 64;
function appendColumns(type: RecordType, record: object, flow: FlowView): void {
  let rows = columns.get(type);
  if (rows === undefined) columns.set(type, (rows = new ColumnarRows(type)));
  rows.append(record, flow);
  if (rows.rows >= ROWS_AT_ONCE) rows.take();
}

export class ProtocolTarget implements Target {
  readonly name: string;
  readonly code: readonly string[];
  readonly seeds: readonly Exchange[];
  readonly #resyncsAtSegments: boolean;
  readonly #protocol: Protocol;
  readonly #options: unknown;

  constructor(protocol: Protocol, code: readonly string[], { seeds, resyncsAtSegments }: Seeds, options: unknown = {}) {
    this.name = protocol.name;
    this.code = code;
    this.seeds = seeds;
    this.#resyncsAtSegments = resyncsAtSegments === true;
    this.#protocol = protocol;
    this.#options = protocol.options.parse(options);
  }

  /**
   * Streams, if the protocol is found in their first bytes: no analyzer is opened for others. Behind a gap a protocol is looked for where
   * segments begin, so what stands there may depend on the cut.
   */
  isCuttable({ transport, steps }: Exchange): boolean {
    if (transport !== 'tcp' || steps.length === 0 || steps.some(({ missing }) => missing !== undefined)) return false;
    const { direction, bytes } = steps[0];
    return this.#protocol.probe(direction, bytes, 0, bytes.length, true, 'tcp') === 'yes';
  }

  run(exchange: Exchange, feeding: Feeding): Outcome {
    const drive = new Drive(this.#protocol, this.#options, exchange, feeding);
    const outcome = drive.outcome();
    const dependsOnCut = drive.isSkipping || (this.#resyncsAtSegments && drive.isMalformed);
    return dependsOnCut ? { ...outcome, dependsOnCut } : outcome;
  }
}

/** One run of one exchange. */
class Drive implements Context, GatherContext {
  readonly flow = new FlowView();
  seconds = START_SECONDS;
  nanos = 0;
  packet = 0;
  readonly #protocol: Protocol;
  readonly #options: unknown;
  readonly #exchange: Exchange;
  readonly #feeding: Feeding;
  readonly #writer = new JsonWriter(4096);
  readonly #counts = new Map<string, number>();
  #lines = '';
  #items = 0;
  #held = 0;
  #deadline = Number.POSITIVE_INFINITY;
  #isHandedOver = false;
  #gatherer: Gatherer | undefined;
  #isGathering = false;
  readonly #skip: [number, number] = [0, 0];
  /** Where the streams are, and what the latest bytes of each direction acknowledged: all of the other one. */
  readonly #place: [number, number] = [0, 0];
  readonly #acknowledged: [number, number] = [-1, -1];
  #isFound = false;

  constructor(protocol: Protocol, options: unknown, exchange: Exchange, feeding: Feeding) {
    this.#protocol = protocol;
    this.#options = options;
    this.#exchange = exchange;
    this.#feeding = feeding;
    fillFlow(this.flow, protocol, exchange.transport);
  }

  outcome(): Outcome {
    this.#gatherer = this.#protocol.gather?.(this, this.#options);
    this.#probe();
    const analyzer = this.#protocol.open(this, this.#options);
    let verdict = 'ok';
    for (const step of this.#exchange.steps) {
      verdict = this.#step(analyzer, step);
      if (verdict !== 'ok' || this.#isHandedOver) break;
    }
    analyzer.end('end-of-input');
    this.#gather(() => this.#gatherer?.expire(Number.POSITIVE_INFINITY));
    const counts = [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, n]) => `${name}=${n}`);
    return { text: `${this.#lines}${counts.join(' ')} ${verdict}`, items: this.#items };
  }

  /** It ended within bytes that nobody wanted: how many of them came is not known. */
  get isSkipping(): boolean {
    return this.#skip[0] > 0 || this.#skip[1] > 0;
  }

  get isMalformed(): boolean {
    return this.#counts.has('malformed');
  }

  // ---- what analyzers and gatherers call

  emit(type: RecordType, record: object, from: Direction = 0): void {
    if (!this.#protocol.records.includes(type))
      throw new Finding('declaration', `${type.name} is not of this protocol`);
    checkRecord(type, record);
    const flow = from === 0 || this.#isGathering ? this.flow : this.flow.reversed;
    const to = encoderOf(type)(record, flow, this.#writer, 0);
    const line = this.#writer.out.toString('utf8', 0, to);
    this.#items++;
    if (this.#feeding.isQuick !== true) {
      parse(type, line);
      appendColumns(type, record, flow);
    }
    this.#lines += line;
    const most = FREE_OUTPUT + MOST_OUTPUT_PER_OCTET * octetsOf(this.#exchange);
    if (this.#lines.length > most) throw new Finding('output', `${this.#lines.length} octets of records`);
  }
  deadline(seconds: number): void {
    if (Number.isNaN(seconds)) throw new Finding('deadline', 'not a number');
    if (seconds < this.#deadline) this.#deadline = seconds;
  }
  count(what: LossKind, n = 1): void {
    if (!(n >= 0)) throw new Finding('ledger', `${what} counted by ${n}`);
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + n);
  }
  handOver(protocol: string, rest: number): void {
    if (!(rest >= 0)) throw new Finding('hand over', `${rest} bytes left`);
    this.#isHandedOver = true;
    this.#lines += `handed over to ${protocol}\n`;
  }
  name(protocol: string): void {
    this.#lines += `named ${protocol}\n`;
  }
  share(fact: object): void {
    if (this.#feeding.isQuick !== true) structuredClone(fact);
    if (this.#gatherer === undefined) return;
    this.#gather(() => this.#gatherer!.take(fact, this.seconds, this.nanos));
  }
  hold(bytes: number): boolean {
    this.#held += bytes;
    if (this.#held < 0) throw new Finding('memory', 'more given back than held');
    if (this.#held > HOLD_LIMIT + HOLD_SLACK && bytes > 0)
      throw new Finding('memory', `${this.#held} octets held, the limit is ${HOLD_LIMIT}`);
    return this.#held <= HOLD_LIMIT;
  }

  offset(direction: Direction): number {
    return this.#place[direction];
  }
  acknowledged(direction: Direction): number {
    return this.#acknowledged[direction];
  }

  // ---- inside

  #probe(): void {
    const { transport, steps } = this.#exchange;
    for (const { direction, bytes } of steps.slice(0, 4)) {
      const { buffer, from } = this.#placed(bytes);
      const answers = [true, false].map((hinted) =>
        this.#protocol.probe(direction, buffer, from, from + bytes.length, hinted, transport as Transport),
      );
      // A port is a hint: what is told without it must not be denied with it.
      if (answers[1] === 'yes' && answers[0] === 'no') throw new Finding('probe', 'yes without the hint, no with it');
      this.#lines += `probe ${answers.join(' ')}\n`;
    }
  }

  #step(analyzer: Analyzer, { direction, bytes, missing, finished, wait }: Step): string {
    this.#begin(analyzer, wait);
    if (missing !== undefined && missing > 0 && this.#isStream) {
      this.#place[direction] += missing;
      const left = Math.max(0, missing - this.#skip[direction]);
      this.#skip[direction] = Math.max(0, this.#skip[direction] - missing);
      if (left > 0 && (analyzer.gap?.(direction, left) ?? 'give-up') === 'give-up') return 'give-up';
    }
    const verdict = this.#isStream
      ? this.#stream(analyzer, direction, bytes)
      : this.#datagram(analyzer, direction, bytes);
    if (verdict !== 'ok' || this.#isHandedOver) return verdict;
    if (finished === true && this.#isStream) analyzer.finished?.(direction);
    return 'ok';
  }

  get #isStream(): boolean {
    return this.#exchange.transport === 'tcp';
  }

  /** A packet arrives: time moves on, what is due is done. */
  #begin(analyzer: Analyzer, wait = 0): void {
    this.packet++;
    this.seconds += 1 + wait;
    if (this.seconds >= this.#deadline) {
      this.#deadline = Number.POSITIVE_INFINITY;
      analyzer.expire?.();
    }
    if (this.#gatherer !== undefined && this.#gatherer.due <= this.seconds)
      this.#gather(() => this.#gatherer!.expire(this.seconds));
  }

  #gather(work: () => void): void {
    this.#isGathering = true;
    work();
    this.#isGathering = false;
  }

  #stream(analyzer: Analyzer, direction: Direction, all: Uint8Array): string {
    const piece = this.#feeding.piece === 0 ? Number.POSITIVE_INFINITY : this.#feeding.piece;
    for (let at = 0, to = 0; at < all.length; at = to) {
      to = Math.min(all.length, at + piece);
      // Detection keeps what comes until the protocol is known.
      for (let seen = 0; !this.#isFound && to < all.length && !this.#isProbed(direction, all, to, seen); ) {
        seen = to;
        to = Math.min(all.length, to + piece);
      }
      this.#isFound = true;
      this.#place[direction] += to - at;
      this.#acknowledged[direction] = this.#place[1 - direction];
      let part = all.subarray(at, to);
      const skipped = Math.min(this.#skip[direction], part.length);
      this.#skip[direction] -= skipped;
      part = part.subarray(skipped);
      if (part.length === 0) continue;
      const { buffer, from } = this.#placed(part);
      const verdict = analyzer.data?.(direction, buffer, from, from + part.length) ?? 'done';
      // Bytes are valid during the call only.
      buffer.fill(this.#feeding.canary ^ 0x55);
      if (this.#isHandedOver) return 'ok';
      if (typeof verdict === 'object') {
        if (!(verdict.skip >= 0)) throw new Finding('verdict', `skip ${verdict.skip}`);
        this.#skip[direction] += verdict.skip;
      } else if (verdict !== 'ok') return verdict;
    }
    return 'ok';
  }

  #isProbed(direction: Direction, bytes: Uint8Array, to: number, seen: number): boolean {
    return this.#protocol.probe(direction, bytes, 0, to, true, 'tcp', seen) !== 'more';
  }

  #datagram(analyzer: Analyzer, direction: Direction, bytes: Uint8Array): string {
    const { buffer, from } = this.#placed(bytes);
    const verdict = analyzer.message?.(direction, buffer, from, from + bytes.length, bytes.length) ?? 'done';
    buffer.fill(this.#feeding.canary ^ 0x55);
    return typeof verdict === 'object' ? 'ok' : verdict;
  }

  #placed(bytes: Uint8Array): { buffer: Uint8Array; from: number } {
    const buffer = new Uint8Array(bytes.length + 2 * MARGIN).fill(this.#feeding.canary);
    buffer.set(bytes, MARGIN);
    return { buffer, from: MARGIN };
  }
}

function parse(type: RecordType, line: string): void {
  try {
    const document = JSON.parse(line) as { event?: { dataset?: string } };
    if (document.event?.dataset !== undefined && document.event.dataset === '') throw new Error('no dataset');
  } catch (error) {
    throw new Finding('encoding', `${type.name}: ${(error as Error).message}: ${line.slice(0, 300)}`);
  }
}

function fillFlow(flow: FlowView, protocol: Protocol, transport: string): void {
  const isV6 = transport === 'icmpv6';
  if (isV6) {
    flow.source.setV6(0x20010db8, 0, 0, 1);
    flow.destination.setV6(0x20010db8, 0, 0, 2);
  } else {
    flow.source.setV4(0x0a000001);
    flow.destination.setV4(0x0a000002);
  }
  flow.sourcePort = 40000;
  flow.destinationPort = protocol.ports[0] ?? 0;
  flow.hasPorts = !transport.startsWith('icmp');
  flow.transport = transport === 'icmpv6' ? 'ipv6-icmp' : transport;
  flow.protocol = PORTS[transport] ?? 0;
  flow.type = isV6 ? 'ipv6' : 'ipv4';
  flow.id = 'fuzz';
}
