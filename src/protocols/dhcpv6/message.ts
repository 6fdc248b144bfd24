// The bytes of a DHCPv6 message as offsets: what relay agents put around it (RFC 8415 section 9) and, inside, the message of client or
// server (section 8).

import { u16 } from '../octets.ts';
import { HIGHEST_MESSAGE_TYPE, OPTION_RELAY_MESSAGE, RELAY_FORWARD, RELAY_REPLY } from './codes.ts';
import { OptionList } from './option-list.ts';

const HEADER_OCTETS = 4;
export const RELAY_HEADER_OCTETS = 34;
/** RFC 8415 section 7.6 lets relay agents stop at 8 hops. */
const MAX_RELAYS = 16;

/** One relay agent's layer. */
export class RelayLayer {
  at = 0;
  readonly options = new OptionList();
}

export class Message {
  bytes: Uint8Array = new Uint8Array(0);
  /** The innermost message that could be reached. */
  at = 0;
  to = 0;
  isCut = false;
  /** Offset in the datagram of the first byte that is wrong; -1: none is. */
  faultAt = -1;
  fault = '';
  /** Layers of relay agents, outermost first. */
  relays = 0;
  readonly layers: RelayLayer[] = [];
  /** There is a message of client or server, not only layers of relay agents. */
  hasInner = false;
  readonly options = new OptionList();

  /** False when it can not be DHCPv6. */
  parse(bytes: Uint8Array, from: number, to: number, wireLength: number): boolean {
    this.bytes = bytes;
    this.at = from;
    this.to = to;
    this.isCut = wireLength > to - from;
    this.faultAt = -1;
    this.fault = '';
    this.relays = 0;
    this.hasInner = false;
    this.options.count = 0;
    if (to - from < HEADER_OCTETS || !isMessageType(bytes[from])) return false;
    let at = from;
    let end = to;
    while (bytes[at] === RELAY_FORWARD || bytes[at] === RELAY_REPLY) {
      if (end - at < RELAY_HEADER_OCTETS) {
        this.#wrong(from, end, 'A relay message ends within its header');
        return this.relays > 0 || this.isCut;
      }
      if (this.relays === MAX_RELAYS) {
        this.#wrong(from, at, `There are more than ${MAX_RELAYS} relay agents`);
        return true;
      }
      this.layers[this.relays] ??= new RelayLayer();
      const layer = this.layers[this.relays++];
      layer.at = at;
      const { options } = layer;
      const wrong = options.read(bytes, at + RELAY_HEADER_OCTETS, end);
      if (wrong >= 0) this.#tooLong(from, wrong, end);
      const inner = options.find(OPTION_RELAY_MESSAGE);
      if (inner < 0) {
        if (wrong < 0) this.#wrong(from, at, 'There is nothing inside the relay message');
        return true;
      }
      this.at = at = options.from[inner];
      this.to = end = options.to[inner];
      if (end - at < HEADER_OCTETS || !isMessageType(bytes[at])) {
        this.#wrong(from, at, 'What is inside the relay message is no DHCPv6');
        return true;
      }
    }
    this.hasInner = true;
    const wrong = this.options.read(bytes, at + HEADER_OCTETS, end);
    if (wrong >= 0) this.#tooLong(from, wrong, end);
    return true;
  }

  /** Of the innermost message. */
  get type(): number {
    return this.bytes[this.at];
  }
  /** 24 bits, of the innermost message. */
  get transactionId(): number {
    return (this.bytes[this.at + 1] << 16) | u16(this.bytes, this.at + 2);
  }

  #tooLong(start: number, at: number, end: number): void {
    const name = at + 2 <= end ? `Option ${u16(this.bytes, at)}` : 'An option';
    this.#wrong(start, at, `${name} is longer than what is left of the message`);
  }

  #wrong(start: number, at: number, what: string): void {
    if (this.isCut || this.faultAt >= 0) return;
    this.faultAt = at - start;
    this.fault = what;
  }
}

function isMessageType(type: number): boolean {
  return type > 0 && type <= HIGHEST_MESSAGE_TYPE;
}
