// CO-RE relocations ("compile once, run everywhere"): places in the code that depend on the layout of kernel types, patched for the
// kernel at hand (Documentation/bpf/llvm_reloc.rst, include/uapi/linux/bpf.h: enum bpf_core_relo_kind).

import { type Btf, type BtfType, KIND } from './btf.ts';
import { BpfError } from './error.ts';

const RELO = {
  FIELD_BYTE_OFFSET: 0,
  FIELD_BYTE_SIZE: 1,
  FIELD_EXISTS: 2,
  FIELD_SIGNED: 3,
  FIELD_LSHIFT_U64: 4,
  FIELD_RSHIFT_U64: 5,
  TYPE_ID_LOCAL: 6,
  TYPE_ID_TARGET: 7,
  TYPE_EXISTS: 8,
  TYPE_SIZE: 9,
  ENUMVAL_EXISTS: 10,
  ENUMVAL_VALUE: 11,
} as const;

/** A call of a helper that does not exist: unreachable code may hold it, reachable code is refused with this number in the log. */
export const POISON = 195896080;
const CLASS_LD = 0;
const CLASS_LDX = 1;
const CLASS_ST = 2;
const CLASS_STX = 3;
/** Size bits of load and store instructions. */
const SIZE_BITS = new Map([
  [4, 0x00],
  [2, 0x08],
  [1, 0x10],
  [8, 0x18],
]);

export interface CoreRelocation {
  /** Offset of the instruction in its section. */
  readonly offset: number;
  readonly type: number;
  /** `0:1:2`: indices of members, or of an enumerator. */
  readonly access: string;
  readonly kind: number;
}

/** Relocations by section name, from `.BTF.ext`. */
export function coreRelocations(ext: Buffer, local: Btf): Map<string, CoreRelocation[]> {
  const bySection = new Map<string, CoreRelocation[]>();
  const header = ext.readUInt32LE(4);
  if (header < 32) return bySection;
  let p = header + ext.readUInt32LE(24);
  const end = p + ext.readUInt32LE(28);
  if (p === end) return bySection;
  const size = ext.readUInt32LE(p);
  p += 4;
  while (p < end) {
    const name = local.text(ext.readUInt32LE(p));
    const count = ext.readUInt32LE(p + 4);
    p += 8;
    const list: CoreRelocation[] = [];
    for (let i = 0; i < count; i++, p += size) {
      list.push({
        offset: ext.readUInt32LE(p),
        type: ext.readUInt32LE(p + 4),
        access: local.text(ext.readUInt32LE(p + 8)),
        kind: ext.readUInt32LE(p + 12),
      });
    }
    bySection.set(name, list);
  }
  return bySection;
}

/** A member found in a type: where, and what it is. */
interface Place {
  bitOffset: number;
  bitSize: number;
  type: number;
}

/**
 * Patches one instruction for the kernel's types. What the kernel lacks becomes an instruction that only unreachable code may hold: false.
 */
export function relocate(code: Buffer, relocation: CoreRelocation, local: Btf, kernel: Btf): boolean {
  const value = relocatedValue(relocation, local, kernel);
  if (value === undefined) poison(code, relocation.offset);
  else patch(code, relocation, value, local, kernel);
  return value !== undefined;
}

/** What a relocation refers to, for messages: `sock.__sk_common.skc_state`. */
export function relocationName(relocation: CoreRelocation, local: Btf): string {
  let type = local.resolve(relocation.type);
  const parts = [type.name];
  if (relocation.kind <= RELO.FIELD_RSHIFT_U64) {
    for (const index of relocation.access.split(':').slice(1).map(Number)) {
      if (type.kind === KIND.ARRAY) type = local.resolve(local.array(type).element);
      else {
        const member = local.members(type)[index];
        parts.push(member.name);
        type = local.resolve(member.type);
      }
    }
  }
  return parts.filter((part) => part !== '').join('.');
}

function relocatedValue(relocation: CoreRelocation, local: Btf, kernel: Btf): bigint | undefined {
  const { kind, type } = relocation;
  if (kind === RELO.TYPE_ID_LOCAL) return BigInt(type);
  const own = local.resolve(type);
  const target = kernel.find(own.name.replace(/___.*$/, ''), own.kind);
  switch (kind) {
    case RELO.TYPE_EXISTS:
      return target === 0 ? 0n : 1n;
    case RELO.TYPE_SIZE:
      return target === 0 ? undefined : BigInt(kernel.size(target));
    case RELO.TYPE_ID_TARGET:
      return target === 0 ? undefined : BigInt(target);
    case RELO.ENUMVAL_EXISTS:
    case RELO.ENUMVAL_VALUE: {
      const wanted = local.enumerators(own)[Number(relocation.access)].name.replace(/___.*$/, '');
      const found =
        target === 0 ? undefined : kernel.enumerators(kernel.type(target)).find(({ name }) => name === wanted);
      return kind === RELO.ENUMVAL_EXISTS ? (found === undefined ? 0n : 1n) : found?.value;
    }
  }
  const place = target === 0 ? undefined : placeIn(own, kernel.type(target), relocation.access, local, kernel);
  if (kind === RELO.FIELD_EXISTS) return place === undefined ? 0n : 1n;
  return place === undefined ? undefined : fieldValue(kind, place, kernel);
}

function fieldValue(kind: number, place: Place, kernel: Btf): bigint {
  const size = kernel.size(place.type);
  // A bit-field is read by a load of its type's size, aligned to it.
  const byteOffset =
    place.bitSize === 0 ? place.bitOffset / 8 : Math.floor(place.bitOffset / 8 / Math.max(size, 1)) * size;
  const bits = place.bitSize === 0 ? size * 8 : place.bitSize;
  switch (kind) {
    case RELO.FIELD_BYTE_OFFSET:
      return BigInt(byteOffset);
    case RELO.FIELD_BYTE_SIZE:
      return BigInt(size);
    case RELO.FIELD_SIGNED:
      return kernel.isSigned(kernel.resolve(place.type)) ? 1n : 0n;
    case RELO.FIELD_LSHIFT_U64:
      return BigInt(64 - (bits + place.bitOffset - byteOffset * 8));
    case RELO.FIELD_RSHIFT_U64:
      return BigInt(64 - bits);
    default:
      throw new BpfError(`a relocation of kind ${kind} is not known`);
  }
}

/** Follows member indices of our type by name through the kernel's. undefined: the kernel has no such member. */
function placeIn(own: BtfType, target: BtfType, access: string, local: Btf, kernel: Btf): Place | undefined {
  const [first, ...rest] = access.split(':').map(Number);
  let mine = own;
  let place: Place = { bitOffset: first * kernel.size(target.id) * 8, bitSize: 0, type: target.id };
  for (const index of rest) {
    const theirs = kernel.resolve(place.type);
    if (mine.kind === KIND.ARRAY) {
      if (theirs.kind !== KIND.ARRAY) return undefined;
      const { element } = kernel.array(theirs);
      place = { bitOffset: place.bitOffset + index * kernel.size(element) * 8, bitSize: 0, type: element };
      mine = local.resolve(local.array(mine).element);
      continue;
    }
    const member = local.members(mine)[index];
    mine = local.resolve(member.type);
    // Members of an anonymous struct are found through anonymous ones, however the kernel nests them.
    if (member.name === '') continue;
    const found = memberOf(theirs, member.name, kernel);
    if (found === undefined) return undefined;
    place = { ...found, bitOffset: place.bitOffset + found.bitOffset };
  }
  return place;
}

function memberOf(type: BtfType, name: string, kernel: Btf): Place | undefined {
  if (type.kind !== KIND.STRUCT && type.kind !== KIND.UNION) return undefined;
  for (const member of kernel.members(type)) {
    if (member.name === name) return member;
    if (member.name !== '') continue;
    const inner = memberOf(kernel.resolve(member.type), name, kernel);
    if (inner !== undefined) return { ...inner, bitOffset: member.bitOffset + inner.bitOffset };
  }
  return undefined;
}

function poison(code: Buffer, at: number): void {
  const isWide = code[at] === 0x18;
  for (let i = 0; i < (isWide ? 2 : 1); i++) {
    code.fill(0, at + i * 8, at + i * 8 + 8);
    code[at + i * 8] = 0x85;
    code.writeInt32LE(POISON, at + i * 8 + 4);
  }
}

function patch(code: Buffer, relocation: CoreRelocation, value: bigint, local: Btf, kernel: Btf): void {
  const at = relocation.offset;
  const instructionClass = code[at] & 7;
  switch (instructionClass) {
    case CLASS_LDX:
    case CLASS_ST:
    case CLASS_STX:
      code.writeInt16LE(Number(value), at + 2);
      if (relocation.kind === RELO.FIELD_BYTE_OFFSET) resize(code, relocation, local, kernel);
      break;
    case CLASS_LD:
      code.writeInt32LE(Number(BigInt.asIntN(32, value)), at + 4);
      code.writeInt32LE(Number(BigInt.asIntN(32, value >> 32n)), at + 12);
      break;
    default:
      code.writeInt32LE(Number(BigInt.asIntN(32, value)), at + 4);
  }
}

/** A field that is wider or narrower here than where the object was compiled is loaded with its real width. */
function resize(code: Buffer, relocation: CoreRelocation, local: Btf, kernel: Btf): void {
  const own = local.resolve(relocation.type);
  const ours = placeIn(own, own, relocation.access, local, local);
  const theirs = placeIn(
    own,
    kernel.type(kernel.find(own.name.replace(/___.*$/, ''), own.kind)),
    relocation.access,
    local,
    kernel,
  );
  if (ours === undefined || theirs === undefined || ours.bitSize > 0 || theirs.bitSize > 0) return;
  const isInteger = (btf: Btf, type: number) => btf.resolve(type).kind === KIND.INT;
  if (!isInteger(local, ours.type) || !isInteger(kernel, theirs.type)) return;
  const size = kernel.size(theirs.type);
  const bits = SIZE_BITS.get(size);
  if (bits === undefined || size === local.size(ours.type)) return;
  code[relocation.offset] = (code[relocation.offset] & ~0x18) | bits;
}
