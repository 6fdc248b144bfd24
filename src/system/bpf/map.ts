// BPF maps: made from what an object declares, read and written one entry or many at a time.

import { closeSync, readFileSync } from 'node:fs';
import { BpfError, systemError } from './error.ts';
import { COMMAND, type Kernel } from './kernel.ts';

/** BPF_MAP_TYPE_… that are treated specially here. */
export const MAP = {
  HASH: 1,
  ARRAY: 2,
  PERCPU_HASH: 5,
  PERCPU_ARRAY: 6,
  LRU_PERCPU_HASH: 10,
  ARRAY_OF_MAPS: 12,
  HASH_OF_MAPS: 13,
  SK_STORAGE: 24,
  RINGBUF: 27,
  INODE_STORAGE: 28,
  TASK_STORAGE: 29,
} as const;

/** BPF_F_RDONLY_PROG */
const READ_ONLY_FOR_PROGRAMS = 1 << 7;
const ENOENT = 2;
const ENOSPC = 28;

export interface MapDefinition {
  readonly name: string;
  readonly type: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  /** For a map of maps: what each of them is. */
  readonly inner?: MapDefinition;
}

/** Where a walk over a map by batches stands. A new one begins at the start. */
export interface BatchCursor {
  readonly bytes: Buffer;
  started: boolean;
  /** No entries are left. */
  done: boolean;
}

export class BpfMap implements Disposable {
  readonly definition: MapDefinition;
  readonly fd: number;
  /** Bytes of a value as userspace sees it: of a per-CPU map, the values of all possible CPUs, each at a multiple of eight bytes. */
  readonly valueBytes: number;
  readonly #kernel: Kernel;
  #isOpen = true;

  /** Throws BpfError when the kernel refuses it. */
  constructor(kernel: Kernel, definition: MapDefinition) {
    this.#kernel = kernel;
    this.definition = definition;
    const { type, keySize, valueSize, maxEntries, flags, name, inner } = definition;
    const attribute = kernel
      .attribute()
      .u32(0, type)
      .u32(4, keySize)
      .u32(8, valueSize)
      .u32(12, maxEntries)
      .u32(16, flags)
      .name(28, name.replace(/[^A-Za-z0-9_.]/g, '_'));
    const template = inner === undefined ? undefined : new BpfMap(kernel, inner);
    if (template !== undefined) attribute.u32(20, template.fd);
    const types = needsTypes(type) ? loadTypes(kernel, valueSize) : undefined;
    if (types !== undefined) attribute.u32(48, types).u32(52, 1).u32(56, 3);
    try {
      this.fd = kernel.call(COMMAND.MAP_CREATE, attribute, `the BPF map ${name} can not be made`);
    } finally {
      template?.close();
      if (types !== undefined) closeSync(types);
    }
    this.valueBytes = isPerCpu(type) ? Math.ceil(valueSize / 8) * 8 * possibleCpus() : valueSize;
  }

  /** Copies the value of a key into `value`; false when there is none. */
  lookup(key: Uint8Array, value: Uint8Array): boolean {
    this.#fits(key, value);
    const attribute = this.#kernel.attribute().u32(0, this.fd).pointer(8, key).pointer(16, value);
    return this.#found(this.#kernel.try(COMMAND.MAP_LOOKUP_ELEM, attribute), 'read');
  }

  update(key: Uint8Array, value: Uint8Array): void {
    this.#fits(key, value);
    const attribute = this.#kernel.attribute().u32(0, this.fd).pointer(8, key).pointer(16, value);
    this.#kernel.call(COMMAND.MAP_UPDATE_ELEM, attribute, `the BPF map ${this.definition.name} can not be written`);
  }

  /** false when there was no such key. */
  delete(key: Uint8Array): boolean {
    const attribute = this.#kernel.attribute().u32(0, this.fd).pointer(8, key);
    return this.#found(this.#kernel.try(COMMAND.MAP_DELETE_ELEM, attribute), 'written');
  }

  /** Value of an entry of an array, all CPUs together, as unsigned 64-bit counters. */
  sum(index: number): number {
    const value = Buffer.alloc(this.valueBytes);
    if (!this.lookup(index32(index), value)) return 0;
    let sum = 0;
    for (let at = 0; at < value.length; at += 8) sum += Number(value.readBigUInt64LE(at));
    return sum;
  }

  /** A map like those that this map of maps holds. It is the caller's to close; while an entry refers to it, the kernel keeps it. */
  newInner(maxEntries?: number): BpfMap {
    const { inner, name } = this.definition;
    if (inner === undefined) throw new BpfError(`the BPF map ${name} holds no maps`);
    return new BpfMap(this.#kernel, maxEntries === undefined ? inner : { ...inner, maxEntries });
  }

  /**
   * Puts a map into an entry of an array of maps. When it returns, no program is still using the map that was there before: it can be
   * drained for an exact cut.
   */
  setInner(index: number, map: BpfMap): void {
    this.update(index32(index), index32(map.fd));
  }

  newCursor(): BatchCursor {
    return { bytes: Buffer.alloc(Math.max(8, this.definition.keySize)), started: false, done: false };
  }

  /**
   * Copies the next entries into `keys` and `values`, as many as they have room for, and with `remove` takes them out of the map.
   * Returns how many; `cursor.done` when there are no more. Programs may write meanwhile: an entry is read once, or never when it is
   * new. Throws BpfError (ENOSPC) when there is no room for one hash bucket: give room for some hundred entries at least.
   */
  readBatch(cursor: BatchCursor, keys: Uint8Array, values: Uint8Array, remove: boolean): number {
    const { keySize, name } = this.definition;
    const room = Math.min(Math.floor(keys.length / keySize), Math.floor(values.length / this.valueBytes));
    const attribute = this.#kernel.attribute();
    if (cursor.started) attribute.pointer(0, cursor.bytes);
    attribute.pointer(8, cursor.bytes).pointer(16, keys).pointer(24, values).u32(32, room).u32(36, this.fd);
    const command = remove ? COMMAND.MAP_LOOKUP_AND_DELETE_BATCH : COMMAND.MAP_LOOKUP_BATCH;
    const result = this.#kernel.try(command, attribute);
    if (result < 0 && result !== -ENOENT) {
      const hint = result === -ENOSPC ? ' with so little room' : '';
      throw systemError(`the BPF map ${name} can not be read in batches${hint}`, -result);
    }
    cursor.started = true;
    cursor.done = result < 0;
    return attribute.bytes.readUInt32LE(32);
  }

  /** Programs and we can not change it any more. */
  freeze(): void {
    this.#kernel.call(
      COMMAND.MAP_FREEZE,
      this.#kernel.attribute().u32(0, this.fd),
      `the BPF map ${this.definition.name} can not be frozen`,
    );
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.fd);
  }
  [Symbol.dispose](): void {
    this.close();
  }

  /** The kernel copies whole keys and values, whatever room there is. */
  #fits(key: Uint8Array, value: Uint8Array): void {
    if (key.length < this.definition.keySize || value.length < this.valueBytes) {
      throw new RangeError(
        `${this.definition.name}: a key has ${this.definition.keySize}, a value ${this.valueBytes} bytes`,
      );
    }
  }

  #found(result: number, verb: string): boolean {
    if (result >= 0) return true;
    if (result === -ENOENT) return false;
    throw systemError(`the BPF map ${this.definition.name} can not be ${verb}`, -result);
  }
}

/** An array for the variables of a data section, filled; constants are frozen, so that the verifier knows their values. */
export function dataMap(kernel: Kernel, name: string, bytes: Buffer, isConstant: boolean): BpfMap {
  const flags = isConstant ? READ_ONLY_FOR_PROGRAMS : 0;
  const map = new BpfMap(kernel, { name, type: MAP.ARRAY, keySize: 4, valueSize: bytes.length, maxEntries: 1, flags });
  map.update(index32(0), bytes);
  if (isConstant) map.freeze();
  return map;
}

/** Number of CPUs that per-CPU maps have values for. */
export function possibleCpus(): number {
  const ranges = readFileSync('/sys/devices/system/cpu/possible', 'latin1').trim();
  return Number(/(\d+)$/.exec(ranges)?.[1] ?? 0) + 1;
}

export function index32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function isPerCpu(type: number): boolean {
  return type === MAP.PERCPU_HASH || type === MAP.PERCPU_ARRAY || type === MAP.LRU_PERCPU_HASH;
}

function needsTypes(type: number): boolean {
  return type === MAP.SK_STORAGE || type === MAP.INODE_STORAGE || type === MAP.TASK_STORAGE;
}

/** Storage maps must have BTF: an `int` key and, as far as the kernel cares, any value of the right size: here an array of chars. */
function loadTypes(kernel: Kernel, valueSize: number): number {
  const words = [...[1, 1 << 24, 4, 32], ...[3, 1 << 24, 1, 8], ...[0, 3 << 24, 0, 2, 1, valueSize]];
  const types = Buffer.from(Uint32Array.from(words).buffer);
  const strings = Buffer.from('\0i\0c\0', 'latin1');
  const header = Buffer.alloc(24);
  header.writeUInt16LE(0xeb9f, 0);
  header[2] = 1;
  header.writeUInt32LE(header.length, 4);
  header.writeUInt32LE(types.length, 12);
  header.writeUInt32LE(types.length, 16);
  header.writeUInt32LE(strings.length, 20);
  const blob = Buffer.concat([header, types, strings]);
  const attribute = kernel.attribute().pointer(0, blob).u32(16, blob.length);
  return kernel.call(COMMAND.BTF_LOAD, attribute, 'the types of a BPF map can not be loaded');
}
