// Classic BPF programs → JavaScript functions. Truth: McCanne and Jacobson, "The BSD Packet Filter" (1993), and the instruction
// set as Linux documents it (Documentation/networking/filter.rst). Jumps only go forward, so every program ends.
//
// Code is made from checked numbers only, never from text. A program that jumps outside of itself is refused.

import type { BpfInstruction } from '../system/libpcap.ts';

/** Whether the filter wants a packet: 0 is no. `offset` is where it starts in `view`, lengths in bytes. */
export type PacketFilter = (view: DataView, offset: number, capturedLength: number, wireLength: number) => number;

const CLASS_LD = 0;
const CLASS_LDX = 1;
const CLASS_ST = 2;
const CLASS_STX = 3;
const CLASS_ALU = 4;
const CLASS_JMP = 5;
const CLASS_RET = 6;
const CLASS_MISC = 7;

const MODE_IMM = 0x00;
const MODE_ABS = 0x20;
const MODE_IND = 0x40;
const MODE_MEM = 0x60;
const MODE_LEN = 0x80;
const MODE_MSH = 0xa0;

const SOURCE_X = 0x08;
const RETURN_A = 0x10;
const MISC_TXA = 0x80;
const SCRATCH_WORDS = 16;

/** By the size bits: word, half word, byte. */
const LOADS: ReadonlyMap<number, { bytes: number; get: string }> = new Map([
  [0x00, { bytes: 4, get: 'getUint32' }],
  [0x08, { bytes: 2, get: 'getUint16' }],
  [0x10, { bytes: 1, get: 'getUint8' }],
]);

/** By the operation bits; `v` is K or X. Division by zero refuses the packet, shifts of 32 and more give 0. */
const OPERATIONS = new Map<number, (v: string) => string>([
  [0x00, (v) => `a = (a + ${v}) >>> 0;`],
  [0x10, (v) => `a = (a - ${v}) >>> 0;`],
  [0x20, (v) => `a = Math.imul(a, ${v}) >>> 0;`],
  [0x30, (v) => `if (${v} === 0) return 0; a = Math.floor(a / ${v});`],
  [0x40, (v) => `a = (a | ${v}) >>> 0;`],
  [0x50, (v) => `a = (a & ${v}) >>> 0;`],
  [0x60, (v) => `a = ${v} < 32 ? (a << ${v}) >>> 0 : 0;`],
  [0x70, (v) => `a = ${v} < 32 ? a >>> ${v} : 0;`],
  [0x80, () => 'a = -a >>> 0;'],
  [0x90, (v) => `if (${v} === 0) return 0; a = a % ${v};`],
  [0xa0, (v) => `a = (a ^ ${v}) >>> 0;`],
]);

const COMPARISONS = new Map<number, (v: string) => string>([
  [0x10, (v) => `a === ${v}`],
  [0x20, (v) => `a > ${v}`],
  [0x30, (v) => `a >= ${v}`],
  [0x40, (v) => `(a & ${v}) !== 0`],
]);

/** Throws RangeError for what is no BPF program. */
export function compileBpf(program: readonly BpfInstruction[]): PacketFilter {
  const targets = new Set<number>();
  const lines = program.map((instruction, at) => translate(instruction, at, program.length, targets));
  // Jump targets are cases: 11 ns a packet for `tcp port 80`. Nested blocks with labels cost 9, but a filter of a thousand hosts
  // nests deeper than the engine's parser can go.
  const body = lines.map((line, at) => (targets.has(at) ? `case ${at}: ${line}` : line)).join('\n');
  const source = `let p = 0; for (;;) switch (p) { case 0: ${body} }`;
  const scratch = lines.some((line) => line.includes('m[')) ? `const m = new Uint32Array(${SCRATCH_WORDS});` : '';
  const make = new Function(
    `${scratch} return function filter(view, o, captured, wire) { let a = 0, x = 0; ${scratch && 'm.fill(0);'} ${source} };`,
  );
  return make() as PacketFilter;
}

function translate(instruction: BpfInstruction, at: number, length: number, targets: Set<number>): string {
  const { code } = instruction;
  const k = instruction.k >>> 0;
  switch (code & 7) {
    case CLASS_LD:
      return load(code, k, 'a');
    case CLASS_LDX:
      return load(code, k, 'x');
    case CLASS_ST:
      return `m[${scratchIndex(k)}] = a;`;
    case CLASS_STX:
      return `m[${scratchIndex(k)}] = x;`;
    case CLASS_ALU:
      return known(OPERATIONS.get(code & 0xf0), code)((code & SOURCE_X) !== 0 ? 'x' : `${k}`);
    case CLASS_JMP:
      return jump(instruction, at, length, targets);
    case CLASS_RET:
      return (code & 0x18) === RETURN_A ? 'return a;' : `return ${k};`;
    case CLASS_MISC:
      return (code & MISC_TXA) !== 0 ? 'a = x;' : 'x = a;';
    default:
      throw unknownCode(code);
  }
}

function load(code: number, k: number, into: 'a' | 'x'): string {
  const mode = code & 0xe0;
  if (mode === MODE_IMM) return `${into} = ${k};`;
  if (mode === MODE_MEM) return `${into} = m[${scratchIndex(k)}];`;
  if (mode === MODE_LEN) return `${into} = wire;`;
  if (mode === MODE_MSH && into === 'x') {
    return `if (${k + 1} > captured) return 0; x = (view.getUint8(o + ${k}) & 15) << 2;`;
  }
  if (into === 'x' || (mode !== MODE_ABS && mode !== MODE_IND)) throw unknownCode(code);
  const { bytes, get } = known(LOADS.get(code & 0x18), code);
  // Sums are doubles: they can not wrap around past the check.
  return mode === MODE_ABS
    ? `if (${k + bytes} > captured) return 0; a = view.${get}(o + ${k});`
    : `if (x + ${k + bytes} > captured) return 0; a = view.${get}(o + x + ${k});`;
}

function jump(instruction: BpfInstruction, at: number, length: number, targets: Set<number>): string {
  const { code, jt, jf } = instruction;
  const k = instruction.k >>> 0;
  const go = (skip: number): string => {
    const target = at + 1 + skip;
    if (target >= length) throw new RangeError(`BPF instruction ${at} jumps to ${target}, past the end (${length})`);
    if (skip === 0) return ';';
    targets.add(target);
    return `{ p = ${target}; continue; }`;
  };
  if ((code & 0xf0) === 0) return go(k);
  const condition = known(COMPARISONS.get(code & 0xf0), code)((code & SOURCE_X) !== 0 ? 'x' : `${k}`);
  return `if (${condition}) ${go(jt)} else ${go(jf)}`;
}

function scratchIndex(k: number): number {
  if (k >= SCRATCH_WORDS) throw new RangeError(`BPF scratch word ${k} does not exist`);
  return k;
}

function known<T>(value: T | undefined, code: number): T {
  if (value === undefined) throw unknownCode(code);
  return value;
}

function unknownCode(code: number): RangeError {
  return new RangeError(`BPF instruction 0x${code.toString(16)} is not known`);
}
