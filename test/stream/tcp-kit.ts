// Plays segments into a TCP stream and writes down what its receiver hears.

import { ACK, FIN, RST, SYN } from '../../src/flow/layout.ts';
import type { TcpEvent } from '../../src/flow/tcp-events.ts';
import { STREAM_DEFAULTS, type StreamOptions } from '../../src/stream/options.ts';
import type { StreamReceiver } from '../../src/stream/receiver.ts';
import { RecentBytes } from '../../src/stream/recent-bytes.ts';
import { Segment } from '../../src/stream/segment.ts';
import { TcpStream } from '../../src/stream/tcp-stream.ts';

const FLAGS: Readonly<Record<string, number>> = { F: FIN, S: SYN, R: RST, A: ACK, P: 8 };

export class StreamKit implements StreamReceiver {
  readonly stream: TcpStream;
  /** What was heard, in order: `C abc` and `S xyz` data of side 0 and 1, `C gap 5`, `C end`. Data of one side in a row is joined. */
  readonly heard: string[] = [];
  readonly events: Partial<Record<TcpEvent, number>> = {};
  /** Bytes of each side, gaps as underscores. */
  readonly text: [string, string] = ['', ''];
  /** Number and time of the packet that brought each delivery. */
  readonly from: number[] = [];
  /** How many bytes of the other side the packet acknowledged that brought each delivery. */
  readonly acknowledged: number[] = [];
  waiting = 0;
  room = Number.POSITIVE_INFINITY;
  isn: [number, number] = [1000, 5000];
  readonly #segment = new Segment();
  /** What the next segments are besides: window, TTL, time stamps, urgent pointer. */
  next: Partial<Segment> = {};
  #packet = 0;

  constructor(options: Partial<StreamOptions> = {}) {
    this.stream = new TcpStream(this, { ...STREAM_DEFAULTS, ...options }, new RecentBytes(4096));
  }

  deliver(
    side: 0 | 1,
    bytes: Uint8Array,
    from: number,
    to: number,
    _seconds: number,
    _nanos: number,
    packet: number,
  ): void {
    if (to <= from) throw new Error('an empty delivery');
    const text = Buffer.from(bytes.subarray(from, to)).toString('latin1');
    this.text[side] += text;
    this.from.push(packet);
    this.acknowledged.push(this.stream.from(side).acknowledged);
    const prefix = `${'CS'[side]} `;
    const last = this.heard.length - 1;
    if (last >= 0 && this.heard[last].startsWith(prefix) && !/^. (gap \d+|end)$/.test(this.heard[last]))
      this.heard[last] += text;
    else this.heard.push(prefix + text);
  }
  missing(side: 0 | 1, missing: number): void {
    this.text[side] += '_'.repeat(Math.min(missing, 128));
    this.heard.push(`${'CS'[side]} gap ${missing}`);
  }
  finished(side: 0 | 1): void {
    this.heard.push(`${'CS'[side]} end`);
  }
  event(event: TcpEvent, n: number): void {
    this.events[event] = (this.events[event] ?? 0) + n;
  }
  wait(bytes: number): boolean {
    this.waiting += bytes;
    if (this.waiting < 0) throw new Error('more given back than taken');
    return this.waiting <= this.room;
  }

  /** SYN, SYN-ACK, ACK. */
  handshake(): this {
    this.raw(0, 'S', this.isn[0], 0);
    this.raw(1, 'SA', this.isn[1], this.isn[0] + 1);
    return this.raw(0, 'A', this.isn[0] + 1, this.isn[1] + 1);
  }
  /** Data of the client at relative sequence `at` (the first byte is 1). `ack`: how far the server's data is acknowledged, relative. */
  c(at: number, text: string | Uint8Array = '', flags = 'A', ack = 1, length = text.length): this {
    return this.raw(0, flags, this.isn[0] + at, this.isn[1] + ack, text, length);
  }
  /** The same of the server. */
  s(at: number, text: string | Uint8Array = '', flags = 'A', ack = 1, length = text.length): this {
    return this.raw(1, flags, this.isn[1] + at, this.isn[0] + ack, text, length);
  }
  raw(
    side: 0 | 1,
    flags: string,
    sequence: number,
    acknowledgment: number,
    text: string | Uint8Array = '',
    length = text.length,
  ): this {
    let bits = 0;
    for (const letter of flags) bits |= FLAGS[letter];
    const payload = typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
    // The segment lies in the middle of a buffer that is overwritten afterwards.
    const buffer = new Uint8Array(payload.length + 8).fill(0x21);
    buffer.set(payload, 4);
    const packet = ++this.#packet;
    const segment = this.#segment;
    Object.assign(segment, {
      window: 64240,
      urgent: -1,
      ttl: 64,
      hasTimestamp: false,
      isSigned: false,
      windowScale: flags.includes('S') ? 14 : -1,
    });
    Object.assign(segment, this.next);
    segment.flags = bits;
    segment.sequence = sequence | 0;
    segment.acknowledgment = acknowledgment | 0;
    segment.bytes = buffer;
    segment.from = 4;
    segment.to = 4 + payload.length;
    segment.length = length;
    segment.seconds = 1_700_000_000 + packet;
    segment.packet = packet;
    this.stream.segment(side, segment);
    buffer.fill(0x3f);
    return this;
  }
  /** What the next segments are besides. */
  as(next: Partial<Segment>): this {
    this.next = next;
    return this;
  }
  /** The connection is over. */
  end(): this {
    this.stream.end();
    return this;
  }
}
