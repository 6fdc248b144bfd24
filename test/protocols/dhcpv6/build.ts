// Builds DHCPv6 messages byte by byte.

import { ascii, u16, u32 } from '../dhcpv4/build.ts';

export { ascii, u16, u32 };

export const option = (code: number, ...value: number[]): number[] => [...u16(code), ...u16(value.length), ...value];
/** `2001:db8::n` */
export const ip = (n: number): number[] => [0x20, 1, 0x0d, 0xb8, ...new Array<number>(10).fill(0), ...u16(n)];
export const MAC = [0x02, 0, 0, 0x77, 0, 0x90];
export const CLIENT = option(1, ...u16(3), ...u16(1), ...MAC);
export const SERVER = option(2, ...u16(2), ...u32(9), 0xab, 0xcd);
export const name = (...labels: string[]): number[] => [
  ...labels.flatMap((label) => [label.length, ...ascii(label)]),
  0,
];
export const address = (n: number, preferred: number, valid: number, ...inside: number[][]): number[] =>
  option(5, ...ip(n), ...u32(preferred), ...u32(valid), ...inside.flat());
export const prefix = (n: number, length: number, valid: number): number[] =>
  option(26, ...u32(valid), ...u32(valid), length, ...ip(n));
export const association = (code: number, ...inside: number[][]): number[] =>
  option(code, ...u32(7), ...u32(1800), ...u32(2880), ...inside.flat());
export const status = (code: number, text = ''): number[] => option(13, ...u16(code), ...ascii(text));

export function message(type: number, ...options: number[][]): Uint8Array {
  return Uint8Array.from([type, 0x10, 0x08, 0x74, ...options.flat()]);
}
/** A relay agent's message around `inner`. */
export function relayed(type: number, hops: number, inner: Uint8Array, ...options: number[][]): Uint8Array {
  return Uint8Array.from([type, hops, ...ip(0xa), ...ip(0xb), ...options.flat(), ...option(9, ...inner)]);
}
