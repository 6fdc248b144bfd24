// The bytes of a BOOTP or DHCP message as offsets: the fixed header (RFC 2131 section 2) and the options (RFC 2132) of all the areas
// that hold some. Nothing is copied until a value is asked for, and then only of an option that was split (RFC 3396).

import { Address } from '../../records/address.ts';
import { u16, u32 } from '../octets.ts';
import { linkLayerAddress, terminatedText } from './bytes.ts';
import { OPTION_END, OPTION_OVERLOAD, OPTION_PAD } from './codes.ts';

/** Offsets of the header's fields. */
const OP = 0;
const HTYPE = 1;
const HLEN = 2;
const HOPS = 3;
const XID = 4;
const SECS = 8;
const FLAGS = 10;
export const CIADDR = 12;
export const YIADDR = 16;
export const SIADDR = 20;
export const GIADDR = 24;
const CHADDR = 28;
const SNAME = 44;
const FILE = 108;
/** Where BOOTP's vendor area begins; DHCP's options begin behind the magic cookie. */
export const VEND = 236;
export const OPTIONS = 240;
/** As much as must be there to know who talks about what: all up to the client's hardware address. */
export const LEAST = SNAME;

export const BOOTREQUEST = 1;
export const BOOTREPLY = 2;
/** RFC 1497: 99, 130, 83, 99. */
const MAGIC_COOKIE = 0x63825363;
const MAX_HLEN = 16;
const FLAG_BROADCAST = 0x8000;
const OVERLOAD_FILE = 1;
const OVERLOAD_SNAME = 2;

/** More options than that in one message are noise. */
const MAX_OPTIONS = 256;

export class Message {
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  to = 0;
  /** The capture does not hold all of it. */
  isCut = false;
  hasCookie = false;
  /** Offset in the message of the first byte that is wrong; -1: none is. */
  faultAt = -1;
  fault = '';
  /** The options end without End (255). */
  isEndMissing = false;
  /** Where options stand besides their own field: bits of option 52. */
  overload = 0;
  options = 0;
  readonly codes = new Uint8Array(MAX_OPTIONS);
  /** Value of option i: [valueAt, valueEnd). */
  readonly valueAt = new Int32Array(MAX_OPTIONS);
  readonly valueEnd = new Int32Array(MAX_OPTIONS);
  readonly #next = new Int16Array(MAX_OPTIONS);
  readonly #first = new Int16Array(256).fill(-1);
  readonly #last = new Int16Array(256);

  /** What `find` found. */
  value: Uint8Array = this.bytes;
  from = 0;
  end = 0;

  /** False when it can not be BOOTP. What is wrong further on is told by `fault`. */
  parse(bytes: Uint8Array, from: number, to: number, wireLength: number): boolean {
    for (let i = 0; i < this.options; i++) this.#first[this.codes[i]] = -1;
    this.bytes = bytes;
    this.at = from;
    this.to = to;
    this.options = 0;
    this.overload = 0;
    this.faultAt = -1;
    this.fault = '';
    this.isEndMissing = false;
    this.hasCookie = false;
    this.isCut = wireLength > to - from;
    if (to - from < LEAST || bytes[from] < BOOTREQUEST || bytes[from] > BOOTREPLY) return false;
    if (bytes[from + HLEN] > MAX_HLEN) this.#wrong(from + HLEN, 'The hardware address is longer than its field');
    if (to - from < VEND) {
      if (!this.isCut) this.#wrong(to, 'The message ends within its header');
      return true;
    }
    this.hasCookie = to - from >= OPTIONS && u32(bytes, from + VEND) === MAGIC_COOKIE;
    if (this.hasCookie) this.#readOptions();
    return true;
  }

  get isReply(): boolean {
    return this.bytes[this.at + OP] === BOOTREPLY;
  }
  get hardwareType(): number {
    return this.bytes[this.at + HTYPE];
  }
  get hops(): number {
    return this.bytes[this.at + HOPS];
  }
  get transactionId(): number {
    return u32(this.bytes, this.at + XID);
  }
  get seconds(): number {
    return u16(this.bytes, this.at + SECS);
  }
  get isBroadcast(): boolean {
    return (u16(this.bytes, this.at + FLAGS) & FLAG_BROADCAST) !== 0;
  }
  /** `ciaddr`, `yiaddr`, `siaddr` or `giaddr` by its offset; undefined when it is 0.0.0.0. */
  address(field: number): Address | undefined {
    const word = u32(this.bytes, this.at + field);
    return word === 0 ? undefined : new Address().setV4(word);
  }
  /** `chaddr` in ECS form; '' when the sender gives none. */
  get clientMac(): string {
    const at = this.at + CHADDR;
    return linkLayerAddress(this.bytes, at, at + Math.min(this.bytes[this.at + HLEN], MAX_HLEN));
  }
  /** `sname`; '' when empty, cut off, or full of options. */
  get serverName(): string {
    if ((this.overload & OVERLOAD_SNAME) !== 0 || this.to < this.at + FILE) return '';
    return terminatedText(this.bytes, this.at + SNAME, this.at + FILE);
  }
  /** `file`, the same way. */
  get bootFile(): string {
    if ((this.overload & OVERLOAD_FILE) !== 0 || this.to < this.at + VEND) return '';
    return terminatedText(this.bytes, this.at + FILE, this.at + VEND);
  }

  has(code: number): boolean {
    return this.#first[code] >= 0;
  }

  /** Sets `value`, `from` and `end` to the value of this option, whose parts are put together; false when it is not there. */
  find(code: number): boolean {
    const first = this.#first[code];
    if (first < 0) return false;
    this.value = this.bytes;
    this.from = this.valueAt[first];
    this.end = this.valueEnd[first];
    if (this.#next[first] < 0) return true;
    const parts: Uint8Array[] = [];
    for (let i = first; i >= 0; i = this.#next[i]) parts.push(this.bytes.subarray(this.valueAt[i], this.valueEnd[i]));
    this.value = Buffer.concat(parts);
    this.from = 0;
    this.end = this.value.length;
    return true;
  }

  /** RFC 2131 section 4.1: first the options field, then `file`, then `sname`, where option 52 says so; each once. */
  #readOptions(): void {
    const { at } = this;
    this.isEndMissing = !this.#readArea(at + OPTIONS, this.to, this.isCut);
    if (!this.find(OPTION_OVERLOAD) || this.end === this.from) return;
    this.overload = this.value[this.from] & (OVERLOAD_FILE | OVERLOAD_SNAME);
    if ((this.overload & OVERLOAD_FILE) !== 0) this.#readArea(at + FILE, at + VEND, false);
    if ((this.overload & OVERLOAD_SNAME) !== 0) this.#readArea(at + SNAME, at + FILE, false);
  }

  /** True when End was there. */
  #readArea(from: number, to: number, isCut: boolean): boolean {
    const { bytes } = this;
    for (let at = from; at < to; ) {
      const code = bytes[at];
      if (code === OPTION_PAD) {
        at++;
        continue;
      }
      if (code === OPTION_END) return true;
      const value = at + 2;
      if (value > to || value + bytes[at + 1] > to) {
        if (!isCut) this.#wrong(at, `Option ${code} is longer than what is left of the message`);
        return false;
      }
      if (this.options === MAX_OPTIONS) {
        this.#wrong(at, `There are more than ${MAX_OPTIONS} options`);
        return false;
      }
      this.#add(code, value, value + bytes[at + 1]);
      at = value + bytes[at + 1];
    }
    return false;
  }

  #add(code: number, from: number, end: number): void {
    const i = this.options++;
    this.codes[i] = code;
    this.valueAt[i] = from;
    this.valueEnd[i] = end;
    this.#next[i] = -1;
    if (this.#first[code] < 0) this.#first[code] = i;
    else this.#next[this.#last[code]] = i;
    this.#last[code] = i;
  }

  #wrong(at: number, what: string): void {
    if (this.faultAt >= 0) return;
    this.faultAt = at - this.at;
    this.fault = what;
  }
}
