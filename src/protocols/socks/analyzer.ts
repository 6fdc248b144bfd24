// Follows the handshake with a SOCKS server and hands what is carried behind it to detection. Each step is one message of one
// side; what the other side says before its turn waits.

import { MAX_EARLY_OCTETS } from '../held.ts';
import type { Analyzer, Context, Direction, Verdict } from '../protocol.ts';
import {
  BAD,
  COMMAND_BIND,
  COMMAND_UDP,
  choice5,
  greeting5,
  isGranted4,
  METHOD_NONE,
  METHOD_PASSWORD,
  MORE,
  password,
  passwordReply,
  reply4,
  reply5,
  request4,
  request5,
  VERSION_4,
} from './messages.ts';

type Length = (bytes: Uint8Array, from: number, to: number) => number;
type Step = 'greeting5' | 'choice5' | 'password' | 'passwordReply' | 'request5' | 'reply5' | 'request4' | 'reply4';

const LENGTHS: Readonly<Record<Step, Length>> = {
  greeting5,
  choice5,
  password,
  passwordReply,
  request5,
  reply5,
  request4,
  reply4,
};
const FROM_SERVER: ReadonlySet<Step> = new Set(['choice5', 'passwordReply', 'reply5', 'reply4']);
/** More than the longest message: what does not fit is no SOCKS. */
const MAX_HELD_OCTETS = 1024;
const NOTHING = Buffer.alloc(0);

export class SocksAnalyzer implements Analyzer {
  readonly #context: Context;
  /** What each side said that was not its turn yet, or not complete. */
  readonly #held: [Buffer, Buffer] = [NOTHING, NOTHING];
  #client: Direction = 0;
  #step: Step | undefined = undefined;
  /** BIND is answered twice: when the server listens, and when somebody came. */
  #repliesLeft = 1;

  constructor(context: Context) {
    this.#context = context;
  }

  data(direction: Direction, bytes: Uint8Array, from: number, to: number): Verdict {
    if (this.#step === undefined) {
      this.#client = direction;
      this.#step = bytes[from] === VERSION_4 ? 'request4' : 'greeting5';
    }
    if (this.#held[direction].length + to - from > MAX_EARLY_OCTETS && !this.#isTurnOf(direction)) return 'done';
    this.#held[direction] = Buffer.concat([this.#held[direction], bytes.subarray(from, to)]);
    for (;;) {
      const side = this.#turn();
      const held = this.#held[side];
      if (held.length === 0) return this.#held[1 - side].length > MAX_HELD_OCTETS ? 'done' : 'ok';
      const length = LENGTHS[this.#step](held, 0, held.length);
      if (length === BAD) return 'reject';
      if (length === MORE) return held.length > MAX_HELD_OCTETS ? 'reject' : 'ok';
      this.#held[side] = held.subarray(length);
      const next = this.#after(this.#step, held);
      if (next === 'connected') {
        // What is held of this direction stands at the end of the segment being delivered; the other one was early.
        this.#context.handOver('', Math.min(this.#held[direction].length, to - from), this.#held[1 - direction]);
        return 'ok';
      }
      if (next === 'over') return 'done';
      this.#step = next;
    }
  }

  end(): void {}

  #turn(): Direction {
    return FROM_SERVER.has(this.#step!) ? ((1 - this.#client) as Direction) : this.#client;
  }

  #isTurnOf(direction: Direction): boolean {
    return this.#turn() === direction;
  }

  /** What comes after this message. */
  #after(step: Step, message: Uint8Array): Step | 'connected' | 'over' {
    switch (step) {
      case 'greeting5':
        return 'choice5';
      case 'choice5':
        return message[1] === METHOD_NONE ? 'request5' : message[1] === METHOD_PASSWORD ? 'password' : 'over';
      case 'password':
        return 'passwordReply';
      case 'passwordReply':
        return message[1] === 0 ? 'request5' : 'over';
      case 'request5':
        if (message[1] === COMMAND_UDP) return 'over';
        if (message[1] === COMMAND_BIND) this.#repliesLeft = 2;
        return 'reply5';
      case 'request4':
        if (message[1] === COMMAND_BIND) this.#repliesLeft = 2;
        return 'reply4';
      case 'reply5':
        return message[1] === 0 ? this.#replied(step) : 'over';
      case 'reply4':
        return isGranted4(message, 0) ? this.#replied(step) : 'over';
    }
  }

  #replied(step: Step): Step | 'connected' {
    this.#repliesLeft--;
    return this.#repliesLeft > 0 ? step : 'connected';
  }
}
