// Builds DHCPv4 messages byte by byte.

export const u16 = (n: number): number[] => [(n >> 8) & 255, n & 255];
export const u32 = (n: number): number[] => [...u16(n >>> 16), ...u16(n & 0xffff)];
export const ascii = (text: string): number[] => [...Buffer.from(text, 'latin1')];
export const ip = (text: string): number[] => text.split('.').map(Number);
export const option = (code: number, ...value: number[]): number[] => [code, value.length, ...value];
export const type = (n: number): number[] => option(53, n);
export const END = [255];
export const MAC = [0x02, 0, 0, 0x77, 0, 0x90];

export interface Header {
  op?: number;
  htype?: number;
  hlen?: number;
  xid?: number;
  broadcast?: boolean;
  ciaddr?: string;
  yiaddr?: string;
  giaddr?: string;
  chaddr?: number[];
  sname?: number[];
  file?: number[];
  cookie?: number[];
}

const padded = (bytes: readonly number[], length: number) => [
  ...bytes,
  ...new Array<number>(length - bytes.length).fill(0),
];

/** A message with these options behind the cookie; nothing is added to them. */
export function message(header: Header, ...options: (readonly number[])[]): Uint8Array {
  const { op = 1, htype = 1, hlen = 6, xid = 0x3903f326, broadcast = false } = header;
  const { ciaddr = '0.0.0.0', yiaddr = '0.0.0.0', giaddr = '0.0.0.0', chaddr = MAC, sname = [], file = [] } = header;
  return Uint8Array.from([
    op,
    htype,
    hlen,
    giaddr === '0.0.0.0' ? 0 : 1,
    ...u32(xid),
    ...u16(7),
    ...u16(broadcast ? 0x8000 : 0),
    ...ip(ciaddr),
    ...ip(yiaddr),
    ...ip('0.0.0.0'),
    ...ip(giaddr),
    ...padded(chaddr, 16),
    ...padded(sname, 64),
    ...padded(file, 128),
    ...(header.cookie ?? [99, 130, 83, 99]),
    ...options.flat(),
  ]);
}
