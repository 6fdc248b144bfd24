// BTF: the types of an object or of the kernel (Documentation/bpf/btf.rst). The kernel's has some hundred thousand types, so only
// their places are indexed; each is read when it is asked for.

import { textAt } from './elf.ts';
import { BpfError } from './error.ts';

/** BTF_KIND_… */
export const KIND = {
  VOID: 0,
  INT: 1,
  POINTER: 2,
  ARRAY: 3,
  STRUCT: 4,
  UNION: 5,
  ENUM: 6,
  FORWARD: 7,
  TYPEDEF: 8,
  VOLATILE: 9,
  CONST: 10,
  RESTRICT: 11,
  FUNC: 12,
  FUNC_PROTO: 13,
  VAR: 14,
  DATASEC: 15,
  FLOAT: 16,
  DECL_TAG: 17,
  TYPE_TAG: 18,
  ENUM64: 19,
} as const;

export interface BtfType {
  readonly id: number;
  readonly kind: number;
  readonly name: string;
  /** Size in bytes, or the type that is referred to. */
  readonly sizeOrType: number;
  readonly count: number;
  /** Bit-field sizes stand in the offsets of members; signed values in those of enums. */
  readonly flag: boolean;
  /** Where what follows the header stands. */
  readonly at: number;
}
export interface Member {
  readonly name: string;
  readonly type: number;
  readonly bitOffset: number;
  /** 0: not a bit-field. */
  readonly bitSize: number;
}

const MAGIC = 0xeb9f;
const TYPE_BYTES = 12;
/** Bytes behind the header, by kind: fixed ones, and those of each of `count` entries. */
const EXTRA = new Map<number, [fixed: number, each: number]>([
  [KIND.INT, [4, 0]],
  [KIND.ARRAY, [12, 0]],
  [KIND.STRUCT, [0, 12]],
  [KIND.UNION, [0, 12]],
  [KIND.ENUM, [0, 8]],
  [KIND.FUNC_PROTO, [0, 8]],
  [KIND.VAR, [4, 0]],
  [KIND.DATASEC, [0, 12]],
  [KIND.DECL_TAG, [4, 0]],
  [KIND.ENUM64, [0, 12]],
]);
const POINTER_BYTES = 8;

export class Btf {
  readonly bytes: Buffer;
  readonly #strings: number;
  readonly #stringsEnd: number;
  /** By type id: offset of its header, its name's offset, its kind. Id 0 is void. */
  readonly #at: Uint32Array;
  readonly #nameAt: Uint32Array;
  readonly #kind: Uint8Array;
  readonly #found = new Map<string, number>();

  /** Throws BpfError when it is not BTF. */
  constructor(bytes: Buffer, what: string) {
    if (bytes.length < 24 || bytes.readUInt16LE(0) !== MAGIC) throw new BpfError(`${what} is not BTF`);
    this.bytes = bytes;
    const header = bytes.readUInt32LE(4);
    const types = header + bytes.readUInt32LE(8);
    const typesEnd = types + bytes.readUInt32LE(12);
    this.#strings = header + bytes.readUInt32LE(16);
    this.#stringsEnd = this.#strings + bytes.readUInt32LE(20);
    const most = 1 + Math.floor((typesEnd - types) / TYPE_BYTES);
    this.#at = new Uint32Array(most);
    this.#nameAt = new Uint32Array(most);
    this.#kind = new Uint8Array(most);
    let id = 1;
    for (let p = types; p < typesEnd; id++) {
      const info = bytes.readUInt32LE(p + 4);
      const kind = (info >>> 24) & 31;
      const [fixed, each] = EXTRA.get(kind) ?? [0, 0];
      this.#at[id] = p;
      this.#nameAt[id] = bytes.readUInt32LE(p);
      this.#kind[id] = kind;
      p += TYPE_BYTES + fixed + each * (info & 0xffff);
    }
    this.count = id;
  }

  /** One more than the highest id. */
  readonly count: number;

  text(offset: number): string {
    return textAt(this.bytes, this.#strings + offset);
  }

  type(id: number): BtfType {
    if (id === 0) return { id, kind: KIND.VOID, name: '', sizeOrType: 0, count: 0, flag: false, at: 0 };
    const p = this.#at[id];
    const info = this.bytes.readUInt32LE(p + 4);
    return {
      id,
      kind: this.#kind[id],
      name: this.text(this.#nameAt[id]),
      sizeOrType: this.bytes.readUInt32LE(p + 8),
      count: info & 0xffff,
      flag: info >>> 31 === 1,
      at: p + TYPE_BYTES,
    };
  }

  /** The type behind typedefs, const, volatile, restrict and tags. */
  resolve(id: number): BtfType {
    let type = this.type(id);
    while (
      type.kind === KIND.TYPEDEF ||
      type.kind === KIND.VOLATILE ||
      type.kind === KIND.CONST ||
      type.kind === KIND.RESTRICT ||
      type.kind === KIND.TYPE_TAG
    ) {
      type = this.type(type.sizeOrType);
    }
    return type;
  }

  /** Members of a struct or union, or variables of a data section (then `bitOffset` is in bytes, `bitSize` the size). */
  members(type: BtfType): Member[] {
    return Array.from({ length: type.count }, (_, i) => {
      const p = type.at + i * 12;
      if (type.kind === KIND.DATASEC) {
        const id = this.bytes.readUInt32LE(p);
        const bitOffset = this.bytes.readUInt32LE(p + 4);
        return { name: this.type(id).name, type: id, bitOffset, bitSize: this.bytes.readUInt32LE(p + 8) };
      }
      const offset = this.bytes.readUInt32LE(p + 8);
      return {
        name: this.text(this.bytes.readUInt32LE(p)),
        type: this.bytes.readUInt32LE(p + 4),
        bitOffset: type.flag ? offset & 0xffffff : offset,
        bitSize: type.flag ? offset >>> 24 : 0,
      };
    });
  }

  /** Values of an enum by name. */
  enumerators(type: BtfType): { name: string; value: bigint }[] {
    const isWide = type.kind === KIND.ENUM64;
    return Array.from({ length: type.count }, (_, i) => {
      const p = type.at + i * (isWide ? 12 : 8);
      const low = this.bytes.readUInt32LE(p + 4);
      const value = isWide
        ? (BigInt(this.bytes.readUInt32LE(p + 8)) << 32n) | BigInt(low)
        : BigInt(type.flag ? low | 0 : low);
      return { name: this.text(this.bytes.readUInt32LE(p)), value };
    });
  }

  /** Element type and number of elements of an array. */
  array(type: BtfType): { element: number; length: number } {
    return { element: this.bytes.readUInt32LE(type.at), length: this.bytes.readUInt32LE(type.at + 8) };
  }

  /** Whether an integer is signed. */
  isSigned(type: BtfType): boolean {
    if (type.kind === KIND.INT) return ((this.bytes.readUInt32LE(type.at) >>> 24) & 1) === 1;
    return type.flag && (type.kind === KIND.ENUM || type.kind === KIND.ENUM64);
  }

  /** Size in bytes. */
  size(id: number): number {
    const type = this.resolve(id);
    if (type.kind === KIND.POINTER) return POINTER_BYTES;
    if (type.kind !== KIND.ARRAY) return type.sizeOrType;
    const { element, length } = this.array(type);
    return this.size(element) * length;
  }

  /** Id of the type of this name and one of these kinds; 0 when there is none. */
  find(name: string, ...kinds: number[]): number {
    const key = `${kinds.join()} ${name}`;
    let id = this.#found.get(key);
    if (id === undefined) {
      id = this.#search(name, kinds);
      this.#found.set(key, id);
    }
    return id;
  }

  #search(name: string, kinds: readonly number[]): number {
    const needle = Buffer.from(`${name}\0`, 'latin1');
    // A name may also be the end of a longer one: every place counts.
    const places = new Set<number>();
    for (let at = this.bytes.indexOf(needle, this.#strings); at >= 0 && at < this.#stringsEnd; ) {
      places.add(at - this.#strings);
      at = this.bytes.indexOf(needle, at + 1);
    }
    if (places.size === 0) return 0;
    for (let id = 1; id < this.count; id++) {
      if (places.has(this.#nameAt[id]) && kinds.includes(this.#kind[id])) return id;
    }
    return 0;
  }
}
