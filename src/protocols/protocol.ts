// The contract between the engine and an application protocol. A protocol is one folder under `src/protocols/` and one line in
// `src/protocols/registry.ts`. Parsers turn bytes into messages; analyzers turn messages into transactions and emit records.

import type { ZodType } from 'zod';
import type { Fields } from '../records/field.ts';
import type { RecordOf, RecordType } from '../records/record.ts';
import type { FlowView } from './flow-view.ts';

export type Transport = 'tcp' | 'udp' | 'icmp' | 'icmpv6' | 'sctp';
/** 0: sent by the flow's initiator; 1: sent by its responder. */
export type Direction = 0 | 1;

/**
 * - `ok`: go on;
 * - `reject`: not this protocol after all, detection goes on with the bytes that are kept;
 * - `done`: no more bytes of this flow, please (nothing is buffered for it from here on);
 * - `{ skip }`: go on. Streams: do not deliver the next n bytes of this direction (a body nobody wants). Datagrams: the first n bytes
 *   are read, behind them is what some other protocol says; the same analyzer sees each datagram of the flow first, from here on.
 */
export type Verdict = 'ok' | 'reject' | 'done' | { skip: number };

/** Why an analyzer ends. */
export type EndReason = 'fin' | 'rst' | 'timeout' | 'evicted' | 'reused' | 'end-of-input' | 'handed-over' | 'epoch';

/** What analyzers count into the loss ledger, per protocol. */
export type LossKind =
  | 'malformed'
  | 'unmatchedRequests'
  | 'unmatchedResponses'
  | 'duplicateRequests'
  | 'gaps'
  | 'limit'
  | 'truncated'
  | 'ambiguous';

/** What an analyzer may use. Valid for the analyzer's life; `seconds`, `nanos` and `packet` change with every call. */
export interface Context {
  readonly flow: FlowView;
  /** Time (Unix) of the packet that caused the present call. */
  readonly seconds: number;
  readonly nanos: number;
  /** Number of that packet in the input. */
  readonly packet: number;
  /** Streams: a bit per direction (1: that of 0, 2: that of 1) whose first bytes are missing. Absent where nobody knows. */
  readonly lostBeginnings?: number;
  /**
   * Encodes the record now; the object may be reused afterwards. `from` is who the record calls its source: the direction that
   * the request went (0: the flow's initiator asked, 1: its responder did).
   */
  emit<F extends Fields>(type: RecordType<F>, record: RecordOf<F>, from: Direction): void;
  /** Asks for one call of `expire()` once packet time has reached this Unix second. An earlier wish replaces a later one. */
  deadline(seconds: number): void;
  count(what: LossKind, n?: number): void;
  /**
   * From the next byte of this flow on another protocol takes over (CONNECT, STARTTLS, Upgrade). `protocol` '' means: detect it
   * by content. `rest` bytes at the end of the segment being delivered belong to the new protocol already; `early` is what the other
   * direction said for it before, without waiting for its turn.
   */
  handOver(protocol: string, rest: number, early?: Uint8Array): void;
  /** Names the application protocol of the flow when it is only recognised, not analysed (`h2`, `websocket`). */
  name(protocol: string): void;
  /**
   * Hands a fact to the protocol's gatherer, where facts of all flows meet in the order of their packets. Plain data: it may cross
   * threads. Absent when nobody gathers.
   */
  share?(fact: object): void;
  /** Streams: of the bytes of this direction that were to be skipped, how many have not come. Absent where nothing is skipped. */
  skipLeft?(direction: Direction): number;
  /**
   * Streams: the place in the stream behind the bytes of this direction that have come (with those of the present call), counted from where
   * the capture has its begin. What is missing counts.
   */
  offset?(direction: Direction): number;
  /**
   * Streams: up to which place of the other direction the segment had everything that brought the latest bytes of this direction: whoever
   * sent them had got nothing behind it. -1: it did not tell.
   */
  acknowledged?(direction: Direction): number;
  /** Keeps memory bounded: counts `bytes` more (or fewer, negative) held by this analyzer; false when the limit is reached. */
  hold(bytes: number): boolean;
  /**
   * The same for answers that wait for their questions (`early.ts`), of all flows together: whoever sends answers that nobody asked for
   * makes a flow of each. Absent where there is no limit.
   */
  holdEarly?(bytes: number): boolean;
}

/** One per flow. Bytes are valid only during the call: what is kept longer is copied and counted with `context.hold`. */
export interface Analyzer {
  /** Stream bytes: in order, each once. */
  data?(direction: Direction, bytes: Uint8Array, from: number, to: number): Verdict;
  /** One datagram (UDP payload, ICMP message with its header). `wireLength` is its length on the wire: more than to - from when cut. */
  message?(direction: Direction, bytes: Uint8Array, from: number, to: number, wireLength: number): Verdict;
  /** `missing` bytes of this direction will never come. */
  gap?(direction: Direction, missing: number): 'continue' | 'give-up';
  /**
   * Datagrams: true when nothing is pending, so that the analyzer may be forgotten (without `end`) and another one opened for the next
   * datagram. Most flows of such protocols carry one exchange; this is what keeps memory small.
   */
  readonly isIdle?: boolean;
  /** No more bytes of this direction (FIN), while the other may go on. */
  finished?(direction: Direction): void;
  expire?(): void;
  /** Emits whatever is pending. Nothing is called after it. */
  end(reason: EndReason): void;
}

/** What a gatherer may use. */
export interface GatherContext {
  /** Encodes the record now, as `Context.emit` does. It belongs to no flow: none of its fields may be `ofFlow`. */
  emit<F extends Fields>(type: RecordType<F>, record: RecordOf<F>): void;
  count(what: LossKind, n?: number): void;
}

/**
 * Where what the analyzers of several flows share comes together: one per protocol and run. It makes records of its own and never
 * changes those of a flow.
 */
export interface Gatherer {
  /** A fact, at the time of the packet that caused it; in the order of packets. */
  take(fact: object, seconds: number, nanos: number): void;
  /** Unix second of packet time at which `expire` has something to do; infinite when it has not. */
  readonly due: number;
  /** Emits what has waited until this Unix second; everything when it is infinite: at the end, and when time begins anew. */
  expire(seconds: number): void;
}

export interface Protocol<Options = unknown> {
  /** Also the value of `network.protocol`, and of `event.dataset` of its main record. */
  readonly name: string;
  readonly doc: string;
  /** A hint: these are tried first on these ports. */
  readonly ports: readonly number[];
  readonly transports: readonly Transport[];
  /** Every option with default and description; unknown ones are refused. */
  readonly options: ZodType<Options>;
  readonly records: readonly RecordType[];
  /**
   * Is this the protocol? Asked with the first bytes of a direction (streams) or with a datagram. `hinted`: the flow uses one of
   * the protocol's ports, so a weaker sign is enough. 'more' asks again when there are more bytes; `seen` of them are those that it
   * was said to: looking at them again and again would cost who asks the square of their number.
   */
  probe(
    direction: Direction,
    bytes: Uint8Array,
    from: number,
    to: number,
    hinted: boolean,
    transport: Transport,
    seen?: number,
  ): 'yes' | 'no' | 'more';
  /**
   * Streams: `probe` wanted more than [from, to), and the bytes behind it will never come (the snap length cut them, or they were
   * lost). Are these enough?
   */
  probePart?(bytes: Uint8Array, from: number, to: number): boolean;
  open(context: Context, options: Options): Analyzer;
  /** For records that are made of several flows. */
  gather?(context: GatherContext, options: Options): Gatherer;
}
