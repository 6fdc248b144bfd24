// One flow that is looked into: its reassembled stream or its datagrams, the detection of its protocol, and the analyzer's view of
// the rest of the program. Exists only while an analyzer is wanted or still to be found.

import type { TcpEvent } from '../flow/tcp-events.ts';
import type { FlowView } from '../protocols/flow-view.ts';
import type { Analyzer, Context, Direction, EndReason, LossKind, Transport, Verdict } from '../protocols/protocol.ts';
import type { Fields } from '../records/field.ts';
import type { RecordOf, RecordType } from '../records/record.ts';
import type { StreamReceiver } from '../stream/receiver.ts';
import type { TcpStream } from '../stream/tcp-stream.ts';
import type { Enabled } from './candidates.ts';
import type { ConversationHost } from './conversation-host.ts';
import { DATAGRAM_TRIES, triesOf } from './datagram-tries.ts';
import { Dispute } from './dispute.ts';
import type { KeptBytes } from './kept-bytes.ts';
import type { Tenant } from './room.ts';
import { type Asker, UnknownStream } from './unknown-stream.ts';

const NOTHING = new Uint8Array(0);

export class Conversation implements Context, StreamReceiver, Asker, Tenant<Conversation> {
  // What is asked for with each packet stands together, for much else passes through the cache until a flow's next one.
  seconds = 0;
  nanos = 0;
  packet = 0;
  stream: TcpStream | undefined = undefined;
  #analyzer: Analyzer | undefined = undefined;
  /** No analyzer and none to come. */
  isOver = false;
  /** 1 when side B of the flow's key began it: side and direction are then swapped. */
  readonly initiator: 0 | 1;
  readonly shard: number;
  /** Made with the first contradiction: most connections have none. */
  #dispute: Dispute | undefined = undefined;
  #handOver: { protocol: string; rest: number; early: Uint8Array } | undefined = undefined;
  readonly flow: FlowView;
  readonly transport: Transport;
  readonly firstPacket: number;
  /** Unix second at which `expire` is due; infinite when not. The list of that second and the place in it are the engine's. */
  deadlineAt = Number.POSITIVE_INFINITY;
  dueList: Conversation[] | undefined = undefined;
  dueIndex = 0;
  /** Where the flow is, for the engine. */
  slot = -1;
  v6 = false;
  lostBeginnings = 0;
  // Kept by `Room`.
  isOpen = false;
  older: Conversation | undefined = undefined;
  newer: Conversation | undefined = undefined;
  readonly #host: ConversationHost<Conversation>;
  #enabled: Enabled | undefined = undefined;
  /** Reads what stands before each datagram of the flow; `#analyzer` gets what is behind it. */
  #before: Analyzer | undefined = undefined;
  #refused: Set<Enabled> | undefined = undefined;
  #held = 0;
  #tries = 0;
  /** While the protocol is looked for. */
  #unknown: UnknownStream | undefined = undefined;
  /** Of what was kept of `#telling`, so many bytes come behind those that are being told. */
  #untold = 0;
  #telling: Direction = 0;

  constructor(
    host: ConversationHost<Conversation>,
    flow: FlowView,
    transport: Transport,
    firstPacket: number,
    shard: number,
    initiator: 0 | 1,
  ) {
    this.#host = host;
    this.flow = flow;
    this.transport = transport;
    this.firstPacket = firstPacket;
    this.shard = shard;
    this.initiator = initiator;
  }

  /** What these sides say (bit per side) is of no use to detection. */
  ignore(sides: number): void {
    this.#unknown = new UnknownStream(this.#swapped(sides));
  }

  /** Bits of the sides that are of no use, when that is all there is to remember of this; else 0. */
  get onlyIgnores(): number {
    if (this.#analyzer !== undefined || this.#unknown === undefined) return 0;
    if (this.#refused !== undefined || this.#dispute !== undefined) return 0;
    const sides = this.#swapped(this.#unknown.onlyHopeless);
    // A connection that was seen to begin is followed until both sides have spoken: who disagrees with what was said before is told.
    return sides !== 0 && this.stream?.isRemarkable === false ? sides : 0;
  }

  /** Bits of sides as bits of directions, and back. */
  #swapped(bits: number): number {
    return this.initiator === 0 ? bits : (bits >> 1) | ((bits & 1) << 1);
  }

  /** Opens this protocol without asking. */
  open(enabled: Enabled): void {
    this.#enabled = enabled;
    this.#host.named(this, enabled.protocol.name);
    this.#analyzer = enabled.protocol.open(this, enabled.options);
  }

  // ---- what arrives

  /** One datagram. Bytes are valid during the call. */
  datagram(side: 0 | 1, bytes: Uint8Array, from: number, to: number, wireLength: number): void {
    const direction = (side ^ this.initiator) as Direction;
    if (this.#before === undefined) {
      this.#message(direction, bytes, from, to, wireLength);
      return;
    }
    const verdict = this.#before.message?.(direction, bytes, from, to, wireLength) ?? 'done';
    if (typeof verdict === 'object') this.#behind(verdict.skip, direction, bytes, from, to, wireLength);
  }

  #message(direction: Direction, bytes: Uint8Array, from: number, to: number, wireLength: number): void {
    if (this.#analyzer === undefined) {
      const found = this.probe(direction, bytes, from, to, 0);
      if (found === null || found === 'more') {
        this.#tries += triesOf(found);
        if (this.#tries >= DATAGRAM_TRIES) this.#leave();
        return;
      }
      this.open(found);
    }
    const verdict = this.#analyzer?.message?.(direction, bytes, from, to, wireLength) ?? 'done';
    if (verdict === 'reject') this.#reject();
    else if (verdict === 'done') this.#close('handed-over');
    else if (verdict !== 'ok') {
      this.#before = this.#analyzer;
      this.#analyzer = undefined;
      this.#enabled = undefined;
      this.#behind(verdict.skip, direction, bytes, from, to, wireLength);
    } else if (this.#analyzer?.isIdle === true) this.#host.rest(this);
  }

  /** The first `octets` of a datagram are read. */
  #behind(octets: number, direction: Direction, bytes: Uint8Array, from: number, to: number, wireLength: number): void {
    if (to - from > octets) this.#message(direction, bytes, from + octets, to, wireLength - octets);
  }

  deliver(
    side: 0 | 1,
    bytes: Uint8Array,
    from: number,
    to: number,
    seconds: number,
    nanos: number,
    packet: number,
  ): void {
    if (this.isOver) return;
    const direction = (side ^ this.initiator) as Direction;
    const { seconds: nowSeconds, nanos: nowNanos, packet: nowPacket } = this;
    this.seconds = seconds;
    this.nanos = nanos;
    this.packet = packet;
    const disputed = this.#dispute?.isOpen === true ? this.#dispute : undefined;
    if (disputed !== undefined) disputed.note(seconds, nanos, this.#keepsBytes);
    if (this.#analyzer === undefined) this.#detect(direction, bytes, from, to);
    else this.#data(direction, bytes, from, to);
    if (disputed !== undefined) disputed.isOpen = this.#keepsBytes;
    this.seconds = nowSeconds;
    this.nanos = nowNanos;
    this.packet = nowPacket;
  }

  missing(side: 0 | 1, missing: number): void {
    if (this.isOver) return;
    const direction = (side ^ this.initiator) as Direction;
    if (this.#analyzer === undefined) {
      this.#detectPart(direction);
      if (this.#analyzer === undefined) {
        this.lostBeginnings |= 1 << direction;
        return;
      }
    }
    this.#host.count(`${this.#enabled!.protocol.name}.gaps`, 1);
    const answer = this.#analyzer.gap?.(direction, missing) ?? 'give-up';
    if (answer === 'give-up') this.#close('handed-over');
  }

  finished(side: 0 | 1): void {
    if (this.isOver) return;
    this.#analyzer?.finished?.((side ^ this.initiator) as Direction);
  }

  event(event: TcpEvent, n: number): void {
    if (event === 'overlap_conflict') {
      this.#dispute ??= new Dispute();
      this.#dispute.note(this.seconds, this.nanos, this.#keepsBytes);
    }
    this.#host.noticed(this, event, event === 'gap' ? 1 : n);
    if (event === 'gap') this.#host.count('stream.gap_bytes', n);
  }

  wait(bytes: number): boolean {
    // What waited when this was left is counted back already.
    return this.isOver || this.#host.wait(this, bytes);
  }

  /** The flow is over. */
  end(reason: EndReason): void {
    if (this.isOver) return;
    this.stream?.end();
    this.#close(reason);
  }

  expire(): void {
    this.deadlineAt = Number.POSITIVE_INFINITY;
    this.#analyzer?.expire?.();
  }

  // ---- what the analyzer asks for

  emit<F extends Fields>(type: RecordType<F>, record: RecordOf<F>, from: Direction): void {
    if (this.#dispute !== undefined) this.#mark(record, this.#dispute);
    this.#host.emit(this, type as RecordType, record, from);
  }
  deadline(seconds: number): void {
    if (seconds < this.deadlineAt) {
      this.deadlineAt = seconds;
      this.#host.deadline(this, seconds);
    }
  }
  share(fact: object): void {
    if (this.#enabled !== undefined) this.#host.share(this, this.#enabled.protocol.name, fact);
  }
  count(what: LossKind, n = 1): void {
    this.#host.count(`${this.#enabled?.protocol.name ?? 'unknown'}.${what}`, n);
  }
  handOver(protocol: string, rest: number, early: Uint8Array = NOTHING): void {
    this.#handOver = { protocol, rest, early };
  }
  name(protocol: string): void {
    this.#host.named(this, protocol);
  }
  skipLeft(direction: Direction): number {
    return this.stream?.from(direction ^ this.initiator).skip ?? 0;
  }
  offset(direction: Direction): number {
    const position = this.stream?.from(direction ^ this.initiator).position ?? 0;
    return direction === this.#telling ? position - this.#untold : position;
  }
  acknowledged(direction: Direction): number {
    return this.stream?.from(direction ^ this.initiator).acknowledged ?? -1;
  }
  hold(bytes: number): boolean {
    this.#held += bytes;
    this.#host.hold(this, bytes);
    return this.#held <= this.#host.maxHeldBytes;
  }
  holdEarly(bytes: number): boolean {
    return this.#host.holdEarly(this, bytes);
  }

  /** Asks the candidates what a direction's bytes are. */
  probe(direction: Direction, bytes: Uint8Array, from: number, to: number, seen: number): Enabled | 'more' | null {
    const { sourcePort, destinationPort } = this.flow;
    const { detection } = this.#host;
    const refused = this.#refused;
    return detection.probe(this.transport, sourcePort, destinationPort, refused, direction, bytes, from, to, seen);
  }

  get held(): number {
    return this.#held;
  }
  get isStream(): boolean {
    return this.transport === 'tcp';
  }

  // ---- inside

  /** Bytes wait behind a hole, or for the protocol to be known. */
  get #keepsBytes(): boolean {
    return this.stream !== undefined && (this.stream.waiting > 0 || this.#analyzer === undefined);
  }

  #mark(record: object, dispute: Dispute): void {
    const isDisputed = dispute.touches(record) ? true : undefined;
    this.flow.isDisputed = isDisputed;
    this.flow.reversed.isDisputed = isDisputed;
  }

  #data(direction: Direction, bytes: Uint8Array, from: number, to: number): void {
    const verdict: Verdict = this.#analyzer?.data?.(direction, bytes, from, to) ?? 'done';
    if (this.#handOver !== undefined) {
      const { protocol, rest, early } = this.#handOver;
      this.#handOver = undefined;
      this.#change(protocol, direction, early, bytes, to - rest, to);
      return;
    }
    if (verdict === 'ok') return;
    if (verdict === 'reject') this.#reject();
    else if (verdict === 'done') this.#close('handed-over');
    else this.stream!.from(direction ^ this.initiator).skip += verdict.skip;
  }

  /** Another protocol takes over with what the other direction said early, then with the bytes [from, to). */
  #change(
    protocol: string,
    direction: Direction,
    early: Uint8Array,
    bytes: Uint8Array,
    from: number,
    to: number,
  ): void {
    this.#analyzer?.end('handed-over');
    this.#analyzer = undefined;
    this.#enabled = undefined;
    this.hold(-this.#held);
    this.#unknown = undefined;
    this.lostBeginnings = 0;
    if (protocol !== '') {
      const enabled = this.#host.detection.named(protocol);
      if (enabled === undefined) {
        this.#host.named(this, protocol);
        this.#leave();
        return;
      }
      this.open(enabled);
    }
    this.#first((1 - direction) as Direction, early, 0, early.length);
    this.#first(direction, bytes, from, to);
  }

  /** Bytes of a protocol that has just taken over. */
  #first(direction: Direction, bytes: Uint8Array, from: number, to: number): void {
    if (from >= to || this.isOver) return;
    if (this.#analyzer === undefined) this.#detect(direction, bytes, from, to);
    else this.#data(direction, bytes, from, to);
  }

  #detect(direction: Direction, bytes: Uint8Array, from: number, to: number): void {
    this.#unknown ??= new UnknownStream();
    const unknown = this.#unknown;
    const found = unknown.add(this, direction, bytes, from, to);
    if (found === 'more') return;
    const kept = unknown.kept(direction);
    if (found === null) this.#leave();
    else if (kept !== undefined) this.#beginKept(found, direction, kept);
    else if (this.#begin(found, direction)) this.#data(direction, bytes, from, to);
  }

  /** Behind what was kept of this direction is a gap: it is enough for a protocol, or of no use any more. */
  #detectPart(direction: Direction): void {
    const kept = this.#unknown?.kept(direction);
    if (kept === undefined) return;
    const { sourcePort, destinationPort } = this.flow;
    const { detection } = this.#host;
    const { bytes, length } = kept;
    const found = detection.probePart(this.transport, sourcePort, destinationPort, this.#refused, bytes, 0, length);
    if (found === undefined) this.#unknown!.forget(this, direction);
    else this.#beginKept(found, direction, kept);
  }

  /** The protocol is known: it gets what the other direction said before, then what this one said. */
  #beginKept(found: Enabled, direction: Direction, kept: KeptBytes): void {
    if (this.#begin(found, direction)) this.#tell(direction, kept);
  }

  /** The protocol is known: it gets what the other direction than `direction` said before. False: it wants no more. */
  #begin(found: Enabled, direction: Direction): boolean {
    const other = this.#unknown?.kept((1 - direction) as Direction);
    this.#forgetAll();
    this.open(found);
    if (other !== undefined) this.#tell((1 - direction) as Direction, other);
    return this.#analyzer !== undefined && !this.isOver;
  }

  /** What was kept of a direction, as it came. Who refuses a piece has refused those behind it. */
  #tell(direction: Direction, { bytes, length, pieces }: KeptBytes): void {
    const { seconds, nanos, packet } = this;
    const refused = this.#refused?.size ?? 0;
    this.#telling = direction;
    let at = 0;
    for (const piece of pieces) {
      if (this.isOver || (this.#refused?.size ?? 0) > refused) break;
      const side = this.stream!.from(direction ^ this.initiator);
      const passed = Math.min(side.skip, piece.end - at);
      side.skip -= passed;
      this.seconds = piece.seconds;
      this.nanos = piece.nanos;
      this.packet = piece.packet;
      side.acknowledged = piece.acknowledged;
      this.#untold = length - piece.end;
      this.#first(direction, bytes, at + passed, piece.end);
      at = piece.end;
    }
    this.#untold = 0;
    this.seconds = seconds;
    this.nanos = nanos;
    this.packet = packet;
  }

  /** Nothing is held any more. */
  #forgetAll(): void {
    this.#unknown?.clear();
    this.hold(-this.#held);
  }

  /** Not this protocol after all: others get their chance with what comes next. */
  #reject(): void {
    this.#refused ??= new Set();
    if (this.#enabled !== undefined) this.#refused.add(this.#enabled);
    this.#analyzer?.end('handed-over');
    this.#analyzer = undefined;
    this.#enabled = undefined;
    this.hold(-this.#held);
    this.#host.named(this, '');
    if (this.#refused.size > 3) this.#leave();
  }

  #close(reason: EndReason): void {
    const analyzer = this.#analyzer;
    this.#analyzer = undefined;
    analyzer?.end(reason);
    this.#leave();
  }

  #leave(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#forgetAll();
    if (this.stream !== undefined) this.#host.wait(this, -this.stream.waiting);
    this.#host.over(this);
  }
}
