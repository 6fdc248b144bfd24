// Writes databases in MaxMind's format, version 2.0 (https://maxmind.github.io/MaxMind-DB/): records of 24 bits, one tree of IPv6 in which IPv4
// stands behind 96 zero bits. Values are not shared, which readers do not ask for.

import { isIPv4 } from 'node:net';

export type MmdbValue =
  | string
  | number
  | boolean
  | MmdbNumber
  | readonly MmdbValue[]
  | { readonly [key: string]: MmdbValue };
/** A number of another type than 32 bits without a sign. */
export class MmdbNumber {
  readonly value: number;
  readonly type: 'double' | 'uint16' | 'uint64';
  constructor(value: number, type: 'double' | 'uint16' | 'uint64') {
    this.value = value;
    this.type = type;
  }
}

const STRING = 2;
const DOUBLE = 3;
const UINT16 = 5;
const UINT32 = 6;
const MAP = 7;
const UINT64 = 9;
const ARRAY = 11;
const BOOLEAN = 14;
const MARKER = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');

/** `networks`: prefix (`192.0.2.0/24`, `2001:db8::/32`) and what is said of it; of nested ones the longer come later. */
export function mmdb(type: string, networks: readonly (readonly [string, MmdbValue])[], built = 1_780_000_000): Buffer {
  /** Children: number of a node, or -1 less the place in `networks`; undefined: nothing is known. */
  const nodes: [number | undefined, number | undefined][] = [[undefined, undefined]];
  networks.forEach(([prefix], place) => {
    const [address, length] = prefix.split('/');
    const bits = isIPv4(address) ? `${'0'.repeat(96)}${v4Bits(address)}` : v6Bits(address);
    const end = Number(length) + (isIPv4(address) ? 96 : 0);
    let node = 0;
    for (let i = 0; i < end - 1; i++) {
      const bit = Number(bits[i]);
      const next = nodes[node][bit];
      if (next === undefined || next < 0) {
        // What was said of all of it holds for both halves.
        nodes.push([next, next]);
        nodes[node][bit] = nodes.length - 1;
      }
      node = nodes[node][bit]!;
    }
    nodes[node][Number(bits[end - 1])] = -1 - place;
  });
  const values = networks.map(([, value]) => encode(value));
  const offsets: number[] = [];
  let at = 0;
  for (const value of values) {
    offsets.push(at);
    at += value.length;
  }
  const tree = Buffer.alloc(nodes.length * 6);
  for (const [i, child] of nodes.flat().entries()) {
    const record = child === undefined ? nodes.length : child >= 0 ? child : nodes.length + 16 + offsets[-1 - child];
    tree.writeUIntBE(record, i * 3, 3);
  }
  const metadata = {
    binary_format_major_version: new MmdbNumber(2, 'uint16'),
    binary_format_minor_version: new MmdbNumber(0, 'uint16'),
    build_epoch: new MmdbNumber(built, 'uint64'),
    database_type: type,
    description: { en: 'made for a test' },
    ip_version: new MmdbNumber(6, 'uint16'),
    languages: ['en'],
    node_count: nodes.length,
    record_size: new MmdbNumber(24, 'uint16'),
  };
  return Buffer.concat([tree, Buffer.alloc(16), ...values, MARKER, encode(metadata)]);
}

function encode(value: MmdbValue): Buffer {
  if (typeof value === 'string') return Buffer.concat([control(STRING, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'boolean') return control(BOOLEAN, value ? 1 : 0);
  if (value instanceof MmdbNumber) return encodeNumber(value);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control(UINT32, 4), bytes]);
  }
  if (Array.isArray(value)) return Buffer.concat([control(ARRAY, value.length), ...value.map(encode)]);
  const entries = Object.entries(value as Record<string, MmdbValue>);
  return Buffer.concat([control(MAP, entries.length), ...entries.flatMap(([key, one]) => [encode(key), encode(one)])]);
}

function encodeNumber({ value, type }: MmdbNumber): Buffer {
  const bytes = Buffer.alloc(8);
  if (type === 'double') {
    bytes.writeDoubleBE(value);
    return Buffer.concat([control(DOUBLE, 8), bytes]);
  }
  bytes.writeBigUInt64BE(BigInt(value));
  return type === 'uint64'
    ? Buffer.concat([control(UINT64, 8), bytes])
    : Buffer.concat([control(UINT16, 2), bytes.subarray(6)]);
}

/** Types above 7 stand in a second byte; sizes from 29 to 284 in one of their own. */
function control(type: number, size: number): Buffer {
  const low = size < 29 ? size : 29;
  const first = type > 7 ? [low, type - 7] : [(type << 5) | low];
  return Buffer.from(size < 29 ? first : [...first, size - 29]);
}

const v4Bits = (address: string) =>
  address
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('');

function v6Bits(address: string): string {
  const [head, tail] = address.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const groups = [...head, ...Array(8 - head.length - (tail?.length ?? 0)).fill('0'), ...(tail ?? [])];
  return groups.map((group) => Number.parseInt(group, 16).toString(2).padStart(16, '0')).join('');
}
