// Drives one analyzer without the engine: bytes in, records out. Protocol tests read as "given these messages, this record".

import { FlowView } from '../../src/protocols/flow-view.ts';
import type { Analyzer, Context, Direction, EndReason, LossKind, Protocol } from '../../src/protocols/protocol.ts';
import type { RecordType } from '../../src/records/record.ts';
import { checkRecord } from '../fuzz/kit/declared.ts';

export interface Emitted {
  type: string;
  from: Direction;
  /** A copy of the record object, absent values left out. */
  record: Record<string, unknown>;
}

export class AnalyzerKit<Options> implements Context {
  readonly flow = new FlowView();
  seconds = 1_700_000_000;
  nanos = 0;
  packet = 0;
  readonly emitted: Emitted[] = [];
  readonly counts: Partial<Record<LossKind, number>> = {};
  readonly handedOver: { protocol: string; rest: number }[] = [];
  readonly names: string[] = [];
  deadlineAt = Number.POSITIVE_INFINITY;
  held = 0;
  holdLimit = 16 * 1024 * 1024;
  heldEarly = 0;
  earlyLimit = 256 * 1024;
  readonly analyzer: Analyzer;

  constructor(protocol: Protocol<Options>, options: Partial<Options> = {}, flow: Partial<FlowView> = {}) {
    this.flow.source.setV4(0x0a000001);
    this.flow.destination.setV4(0x0a000002);
    this.flow.sourcePort = 40000;
    this.flow.destinationPort = protocol.ports[0] ?? 0;
    this.flow.hasPorts = true;
    this.flow.transport = protocol.transports[0];
    this.flow.type = 'ipv4';
    Object.assign(this.flow, flow);
    this.analyzer = protocol.open(this, protocol.options.parse(options));
  }

  /** Takes a record, if it is what its declaration says. */
  emit(type: RecordType, record: object, from: Direction): void {
    checkRecord(type, record);
    const copy: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(record)) {
      if (value !== undefined) copy[key] = structuredCloneish(value);
    }
    this.emitted.push({ type: type.name, from, record: copy });
  }
  deadline(seconds: number): void {
    if (seconds < this.deadlineAt) this.deadlineAt = seconds;
  }
  count(what: LossKind, n = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + n;
  }
  handOver(protocol: string, rest: number, early?: Uint8Array): void {
    const said = early === undefined || early.length === 0 ? {} : { early: Buffer.from(early).toString('hex') };
    this.handedOver.push({ protocol, rest, ...said });
  }
  name(protocol: string): void {
    this.names.push(protocol);
  }
  hold(bytes: number): boolean {
    this.held += bytes;
    return this.held <= this.holdLimit;
  }
  holdEarly(bytes: number): boolean {
    this.heldEarly += bytes;
    return this.heldEarly <= this.earlyLimit;
  }
  offset(direction: Direction): number {
    return this.#place[direction];
  }
  acknowledged(direction: Direction): number {
    return this.#acknowledged[direction];
  }

  /** Moves packet time on and fires the deadline when it has come. */
  advance(seconds: number): void {
    this.seconds += seconds;
    if (this.seconds >= this.deadlineAt) {
      this.deadlineAt = Number.POSITIVE_INFINITY;
      this.analyzer.expire?.();
    }
  }
  /** One datagram. */
  message(direction: Direction, bytes: Uint8Array, wireLength = bytes.length) {
    this.packet++;
    return this.analyzer.message?.(direction, bytes, 0, bytes.length, wireLength);
  }
  /** Stream bytes, cut into pieces of `step` bytes; honours `{ skip }`. */
  data(direction: Direction, bytes: Uint8Array | string, step = Number.POSITIVE_INFINITY) {
    const all = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
    for (let at = 0; at < all.length; at += step) {
      this.packet++;
      const to = Math.min(all.length, at + step);
      let from = at;
      this.#place[direction] += to - at;
      this.#acknowledged[direction] = this.#place[1 - direction] + this.#unseen[1 - direction];
      const skip = Math.min(this.#skip[direction], to - from);
      this.#skip[direction] -= skip;
      from += skip;
      if (from === to) continue;
      const verdict = this.analyzer.data?.(direction, all, from, to);
      if (typeof verdict === 'object') this.#skip[direction] += verdict.skip;
      else if (verdict !== 'ok') return verdict;
    }
    return 'ok';
  }
  /** So many bytes go in this direction, and the capture lacks them: from here on the other one acknowledges them. */
  lose(direction: Direction, bytes: number): void {
    this.#unseen[direction] += bytes;
  }
  /** What was lost, and has not been told yet, is told, and so many more bytes with it. */
  gap(direction: Direction, bytes = 0) {
    const missing = bytes + this.#unseen[direction];
    this.#unseen[direction] = 0;
    this.#place[direction] += missing;
    return this.analyzer.gap?.(direction, missing);
  }
  end(reason: EndReason = 'end-of-input'): Emitted[] {
    this.analyzer.end(reason);
    return this.emitted;
  }
  #skip: [number, number] = [0, 0];
  /** Where the streams are, how much behind that was lost, and what each direction acknowledged last. */
  #place: [number, number] = [0, 0];
  #unseen: [number, number] = [0, 0];
  #acknowledged: [number, number] = [-1, -1];
}

function structuredCloneish(value: unknown): unknown {
  if (value instanceof Map) return new Map(value);
  if (Array.isArray(value)) return value.map(structuredCloneish);
  if (value !== null && typeof value === 'object' && 'toString' in value && 'w3' in value) return String(value);
  if (ArrayBuffer.isView(value))
    return Buffer.from((value as Uint8Array).buffer, (value as Uint8Array).byteOffset, value.byteLength).toString(
      'latin1',
    );
  return value !== null && typeof value === 'object' ? { ...value } : value;
}
