import { describe, expect, it } from 'vitest';
import { compileBpf } from '../../src/sources/bpf.ts';
import type { BpfInstruction } from '../../src/system/libpcap.ts';

const packet = new DataView(Uint8Array.of(0xee, 0x45, 0xff, 0x10, 0x20, 0x80, 0, 0, 1).buffer);

const LD_W_ABS = 0x20;
const LD_H_ABS = 0x28;
const LD_B_ABS = 0x30;
const LD_B_IND = 0x50;
const LD_IMM = 0x00;
const LD_LEN = 0x80;
const LD_MEM = 0x60;
const LDX_IMM = 0x01;
const LDX_MSH = 0xb1;
const ST = 0x02;
const JA = 0x05;
const JEQ = 0x15;
const RET_K = 0x06;
const RET_A = 0x16;
const TXA = 0x87;

const op = (code: number, k = 0, jt = 0, jf = 0): BpfInstruction => ({ code, jt, jf, k });
/** Runs at offset 1 of the packet, where 8 bytes were captured of 60. */
const run = (...program: BpfInstruction[]) => compileBpf(program)(packet, 1, 8, 60);

describe('BPF programs', () => {
  it('load words, half words and bytes in network order from the packet, and its length', () => {
    expect(run(op(LD_W_ABS, 0), op(RET_A))).toBe(0x45ff1020);
    expect(run(op(LD_H_ABS, 4), op(RET_A))).toBe(0x8000);
    expect(run(op(LD_B_ABS, 7), op(RET_A))).toBe(1);
    expect(run(op(LDX_IMM, 3), op(LD_B_IND, 1), op(RET_A))).toBe(0x80);
    expect(run(op(LDX_MSH, 0), op(TXA), op(RET_A))).toBe(20);
    expect(run(op(LD_LEN), op(RET_A))).toBe(60);
    expect(run(op(LD_IMM, 7), op(ST, 15), op(LD_IMM, 1), op(LD_MEM, 15), op(RET_A))).toBe(7);
  });

  it('refuse the packet when they read past what was captured', () => {
    expect(run(op(LD_W_ABS, 4), op(RET_K, 1))).toBe(1);
    expect(run(op(LD_W_ABS, 5), op(RET_K, 1))).toBe(0);
    expect(run(op(LD_W_ABS, 0xfffffffe), op(RET_K, 1))).toBe(0);
    expect(run(op(LDX_IMM, 0xffffffff), op(LD_B_IND, 1), op(RET_K, 1))).toBe(0);
    expect(run(op(LDX_MSH, 8), op(RET_K, 1))).toBe(0);
  });

  it('calculate with 32 bits', () => {
    const ADD = 0x04;
    const results: [number, number, number, number][] = [
      [ADD, 0xffffffff, 2, 1],
      [0x14, 1, 2, 0xffffffff],
      [0x24, 0xffffffff, 0xffffffff, 1],
      [0x34, 0xffffffff, 2, 0x7fffffff],
      [0x44, 0x80000000, 1, 0x80000001],
      [0x54, 0xf0f0f0f0, 0x80000000, 0x80000000],
      [0x64, 1, 31, 0x80000000],
      [0x64, 1, 32, 0],
      [0x74, 0x80000000, 31, 1],
      [0x74, 0x80000000, 33, 0],
      [0x84, 1, 0, 0xffffffff],
      [0x94, 10, 4, 2],
      [0xa4, 0xffffffff, 1, 0xfffffffe],
    ];
    for (const [code, a, k, result] of results) {
      expect([code, run(op(LD_IMM, a), op(code, k), op(RET_A))]).toEqual([code, result]);
      expect([code, run(op(LD_IMM, a), op(LDX_IMM, k), op(code | 8), op(RET_A))]).toEqual([code, result]);
    }
    expect(run(op(LD_IMM, 1), op(LDX_IMM, 0), op(0x3c), op(RET_K, 1))).toBe(0);
  });

  it('jump forward, also over each other, however many', () => {
    expect(run(op(JA, 1), op(RET_K, 1), op(RET_K, 2))).toBe(2);
    expect(run(op(LD_IMM, 5), op(JEQ, 5, 1, 0), op(RET_K, 1), op(JEQ, 6, 0, 1), op(RET_K, 2), op(RET_K, 3))).toBe(3);
    const long = Array.from({ length: 4000 }, (_, i) => op(JEQ, i, 1, 0));
    expect(run(op(LD_IMM, 9999), ...long, op(RET_K, 1), op(RET_K, 2))).toBe(1);
  });

  it('are refused when they are none', () => {
    expect(() => run(op(JA, 1), op(RET_K, 1))).toThrow(/jumps to 2, past the end/);
    expect(() => run(op(JEQ, 1, 0, 9), op(RET_K, 1))).toThrow(RangeError);
    expect(() => run(op(ST, 16), op(RET_K))).toThrow(/scratch word 16/);
    expect(() => run(op(0xb4), op(RET_K))).toThrow(/0xb4 is not known/);
  });
});
