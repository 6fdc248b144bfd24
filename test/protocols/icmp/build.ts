// Builds ICMP messages byte by byte. Checksums are left zero: the analyzer does not look at them.

const u16 = (n: number) => [(n >> 8) & 255, n & 255];
export const u32 = (n: number) => [...u16(n >>> 16), ...u16(n & 0xffff)];
export const ascii = (text: string) => [...Buffer.from(text, 'latin1')];
/** 16 bytes of an IPv6 address from its last group on: `fd00::n`. */
export const v6 = (n: number) => [0xfd, ...new Array<number>(13).fill(0), ...u16(n)];

export function message(
  type: number,
  code: number,
  rest: readonly number[],
  ...data: (readonly number[])[]
): Uint8Array {
  return Uint8Array.from([type, code, 0, 0, ...rest, ...data.flat()]);
}

export const echo = (type: number, identifier: number, sequence: number, data = 'payload') =>
  message(type, 0, [...u16(identifier), ...u16(sequence)], ascii(data));

export interface Quote {
  protocol?: number;
  fragmentOffset?: number;
  transport: readonly number[];
}

/** An IPv4 packet 10.0.0.1 → 192.0.2.9. */
// biome-ignore format: a header
export const ipv4 = ({ protocol = 17, fragmentOffset = 0, transport }: Quote) => [
  0x45, 0, ...u16(20 + transport.length), 0, 1, ...u16(fragmentOffset), 1, protocol, 0, 0, 10, 0, 0, 1, 192, 0, 2, 9, ...transport,
];

/** An IPv6 packet fd00::1 → fd00::9; `protocol` is the first next header. */
// biome-ignore format: a header
export const ipv6 = ({ protocol = 17, transport }: Quote) => [
  0x60, 0, 0, 0, ...u16(transport.length), protocol, 1, ...v6(1), ...v6(9), ...transport,
];

/** First eight bytes of a UDP datagram, or of a TCP segment. */
export const ports = (source: number, destination: number) => [...u16(source), ...u16(destination), 0, 8, 0, 0];

export const neighbor = (type: 135 | 136, target: number, ...options: (readonly number[])[]) =>
  message(type, 0, [0, 0, 0, 0], v6(target), ...options);

export const linkLayer = (type: 1 | 2, last: number) => [type, 1, 2, 0, 0, 0, 0xab, last];
