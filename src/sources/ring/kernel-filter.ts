// The program that the kernel runs on every packet before it takes room in the ring: which interfaces, which direction, what
// the user's filter says, how much is kept. Truth: Documentation/networking/filter.rst (classic BPF and its extensions).

import {
  ARPHRD_ETHER,
  ARPHRD_LOOPBACK,
  BPF_MAX_INSTRUCTIONS,
  PACKET_TYPE_OUTGOING,
  SKF_AD_HATYPE,
  SKF_AD_IFINDEX,
  SKF_AD_OFF,
  SKF_AD_PKTTYPE,
  SKF_NET_OFF,
} from '../../system/abi.ts';
import { type BpfInstruction, FilterError } from '../../system/libpcap.ts';

export type CaptureDirection = 'in' | 'out' | 'inout';

export interface KernelFilterRequest {
  /** Bytes kept of a packet; fragments are kept whole, for a datagram can only be put together from whole ones. */
  snapLength: number;
  direction: CaptureDirection;
  /** Index of the loopback interface, where every packet passes twice; 0 when there is none. */
  loopback: number;
  /** Indexes of the interfaces that are wanted; undefined: all but `except`. */
  only: readonly number[] | undefined;
  except: readonly number[];
  /** The user's filter compiled for Ethernet and for packets that begin with IP; undefined: everything passes. */
  user: { ethernet: readonly BpfInstruction[] | undefined; raw: readonly BpfInstruction[] | undefined } | undefined;
}

const LD_W_ABS = 0x20;
const LDX_IMM = 0x01;
const LD_LEN = 0x80;
const JGE_K = 0x35;
const LD_B_ABS = 0x30;
const LD_H_ABS = 0x28;
const TAX = 0x07;
const XOR_X = 0xac;
const MUL_K = 0x24;
const MOD_K = 0x94;
const RSH_K = 0x74;
const AND_K = 0x54;
const JEQ_K = 0x15;
const JA = 0x05;
const RET_K = 0x06;
const RET_A = 0x16;
const WHOLE = 262_144;
/** Longer than any link-layer header with the first bytes of the network header behind it. */
const LOOKED_INTO = 128;
const IPV6_FRAGMENT = 44;
/** Passes nothing. */
export const REFUSE_ALL = encode([{ code: RET_K, jt: 0, jf: 0, k: 0 }]);

/** Throws FilterError when the program would be longer than the kernel allows. */
export function kernelFilter(request: KernelFilterRequest): Uint8Array {
  const { snapLength, direction, loopback, only, except, user } = request;
  if (only !== undefined && only.length === 0) return REFUSE_ALL;
  const code = new Assembler();
  if (only !== undefined || except.length > 0) {
    code.load(SKF_AD_OFF + SKF_AD_IFINDEX);
    if (only !== undefined) {
      for (const index of only) code.goWhenEqual(index, 'wanted');
      code.go('refuse');
    }
    for (const index of only === undefined ? except : []) code.goWhenEqual(index, 'refuse');
    code.label('wanted');
  }
  if (direction === 'out') {
    code.load(SKF_AD_OFF + SKF_AD_PKTTYPE);
    code.goWhenEqual(PACKET_TYPE_OUTGOING, 'directed');
    code.go('refuse');
  } else if (loopback !== 0 && (only === undefined || only.includes(loopback))) {
    code.load(SKF_AD_OFF + SKF_AD_IFINDEX);
    code.goWhenEqual(loopback, 'loopback');
    code.go('directed');
    code.label('loopback');
    code.load(SKF_AD_OFF + SKF_AD_PKTTYPE);
    code.goWhenEqual(PACKET_TYPE_OUTGOING, 'refuse');
  }
  code.label('directed');
  if (user !== undefined) {
    code.load(SKF_AD_OFF + SKF_AD_HATYPE);
    code.goWhenEqual(ARPHRD_ETHER, 'ethernet');
    code.goWhenEqual(ARPHRD_LOOPBACK, 'ethernet');
    if (user.raw === undefined) code.go('refuse');
    else code.append(user.raw);
    code.label('ethernet');
    if (user.ethernet === undefined) code.go('refuse');
    else code.append(user.ethernet);
  }
  code.label('keep');
  keep(code, snapLength);
  code.label('refuse');
  code.put(RET_K, 0);
  return code.finish();
}

/** Says how much is kept. A load behind the packet's end would refuse the packet, so short ones are not looked into. */
function keep(code: Assembler, snapLength: number): void {
  if (snapLength < WHOLE) {
    code.put(LD_LEN, 0);
    code.goUnlessAtLeast(LOOKED_INTO, 'whole');
    code.put(LD_B_ABS, SKF_NET_OFF);
    code.put(RSH_K, 4);
    code.goWhenEqual(4, 'v4');
    code.goWhenEqual(6, 'v6');
    code.go('cut');
    code.label('v4');
    code.put(LD_H_ABS, SKF_NET_OFF + 6);
    code.put(AND_K, 0x3fff);
    code.goWhenEqual(0, 'cut');
    code.go('whole');
    code.label('v6');
    code.put(LD_B_ABS, SKF_NET_OFF + 6);
    code.goWhenEqual(IPV6_FRAGMENT, 'whole');
    code.label('cut');
    code.put(RET_K, snapLength);
    code.label('whole');
  }
  code.put(RET_K, WHOLE);
}

/**
 * For a fan-out group: a number from the packet's outer address pair, the same for both directions. Whatever is not IP goes
 * to the first socket. Offsets count from the network header, as the kernel hands it to the program.
 * With `numbers` it answers one of these, each for as large a share of the address pairs; the first for whatever is not IP.
 */
export function addressPairProgram(numbers?: readonly number[]): Uint8Array {
  const code = new Assembler();
  if (numbers?.length === 1) {
    code.put(RET_K, numbers[0]);
    return code.finish();
  }
  code.put(LD_B_ABS, SKF_NET_OFF);
  code.put(RSH_K, 4);
  code.goWhenEqual(4, 'v4');
  code.goWhenEqual(6, 'v6');
  // A tag that the card left in: the network header is where the tag is.
  code.put(LD_H_ABS, SKF_NET_OFF + 2);
  code.goWhenEqual(0x0800, 'tagged v4');
  code.goWhenEqual(0x86dd, 'tagged v6');
  code.put(RET_K, numbers?.[0] ?? 0);
  for (const [name, shift] of [
    ['', 0],
    ['tagged ', 4],
  ] as const) {
    code.label(`${name}v4`);
    xorWords(code, [12, 16], shift);
    code.go('mix');
    code.label(`${name}v6`);
    xorWords(code, [8, 12, 16, 20, 24, 28, 32, 36], shift);
    code.go('mix');
  }
  code.label('mix');
  code.put(MUL_K, 0x9e3779b1);
  code.put(RSH_K, 16);
  code.put(AND_K, 0x7fff);
  if (numbers === undefined) code.put(RET_A, 0);
  else {
    code.put(MOD_K, numbers.length);
    for (let i = 1; i < numbers.length; i++) code.goWhenEqual(i, `share ${i}`);
    for (const [i, number] of numbers.entries()) {
      code.label(`share ${i}`);
      code.put(RET_K, number);
    }
  }
  return code.finish();
}

function xorWords(code: Assembler, offsets: readonly number[], shift: number): void {
  code.put(LDX_IMM, 0);
  for (const offset of offsets) {
    code.put(LD_W_ABS, SKF_NET_OFF + shift + offset);
    code.put(XOR_X, 0);
    code.put(TAX, 0);
  }
}

/** Instructions with names for the places that are jumped to. Jumps go forward only. */
class Assembler {
  readonly #code: BpfInstruction[] = [];
  readonly #labels = new Map<string, number>();
  readonly #jumps: { at: number; to: string }[] = [];

  put(code: number, k: number): void {
    this.#code.push({ code, jt: 0, jf: 0, k: k >>> 0 });
  }

  load(offset: number): void {
    this.put(LD_W_ABS, offset);
  }

  go(to: string): void {
    this.#jumps.push({ at: this.#code.length, to });
    this.put(JA, 0);
  }

  /** A conditional jump reaches 255 instructions, an unconditional one any number: so two. */
  goWhenEqual(value: number, to: string): void {
    this.#code.push({ code: JEQ_K, jt: 0, jf: 1, k: value >>> 0 });
    this.go(to);
  }

  /** A whole program, whose verdicts become jumps to `keep` and `refuse`. */
  append(program: readonly BpfInstruction[]): void {
    for (const instruction of program) {
      if (instruction.code === RET_K) this.go(instruction.k === 0 ? 'refuse' : 'keep');
      else this.#code.push(instruction);
    }
  }

  goUnlessAtLeast(value: number, to: string): void {
    this.#code.push({ code: JGE_K, jt: 1, jf: 0, k: value });
    this.go(to);
  }

  label(name: string): void {
    this.#labels.set(name, this.#code.length);
  }

  finish(): Uint8Array {
    if (this.#code.length > BPF_MAX_INSTRUCTIONS) {
      throw new FilterError(
        `the filter has ${this.#code.length} instructions and the kernel takes ${BPF_MAX_INSTRUCTIONS}; make it shorter`,
      );
    }
    for (const { at, to } of this.#jumps) this.#code[at].k = this.#labels.get(to)! - at - 1;
    return encode(this.#code);
  }
}

function encode(program: readonly BpfInstruction[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(program.length * 8));
  for (const [i, { code, jt, jf, k }] of program.entries()) {
    bytes.setUint16(i * 8, code, true);
    bytes.setUint8(i * 8 + 2, jt);
    bytes.setUint8(i * 8 + 3, jf);
    bytes.setUint32(i * 8 + 4, k >>> 0, true);
  }
  return new Uint8Array(bytes.buffer);
}
