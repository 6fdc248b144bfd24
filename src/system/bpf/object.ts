// Loads a BPF object: makes its maps, patches its code for this kernel, and has the kernel take the programs.

import { readFileSync } from 'node:fs';
import { Btf, KIND } from './btf.ts';
import { coreRelocations, POISON, relocate, relocationName } from './core-relocation.ts';
import { Elf, type Section, SHF_EXECINSTR, SHT_NOBITS, SHT_PROGBITS } from './elf.ts';
import { BpfError, systemError } from './error.ts';
import { COMMAND, type Kernel } from './kernel.ts';
import { BpfMap, dataMap, type MapDefinition } from './map.ts';
import { mapDefinitions } from './map-definitions.ts';
import { BpfProgram, type ProgramKind, programKind } from './program.ts';
import { RingBuffer } from './ring-buffer.ts';

const KERNEL_BTF = '/sys/kernel/btf/vmlinux';
const PSEUDO_MAP_FD = 1;
const PSEUDO_MAP_VALUE = 2;
const LOG_BYTES = 1024 * 1024;
/** The end of the verifier's log that an error carries: the reason stands there. */
const LOG_SHOWN = 1500;

export interface LoadOptions {
  /** Which programs to load, by name; default: all but those whose section begins with `?`. */
  programs?: (name: string) => boolean;
  /** Which of them may be refused by this kernel: they stand in `missing` then. */
  optional?: (name: string) => boolean;
  /** Entries of maps (bytes, for a ring), instead of what the object says. */
  maxEntries?: Readonly<Record<string, number>>;
  /** Values of `const volatile` variables: the verifier removes what they make unreachable. */
  constants?: Readonly<Record<string, number | bigint | Uint8Array>>;
}

let kernelTypes: Btf | undefined;

/** Types of the running kernel. Throws BpfError when it does not tell them. */
export function kernelBtf(): Btf {
  if (kernelTypes !== undefined) return kernelTypes;
  let bytes: Buffer;
  try {
    bytes = readFileSync(KERNEL_BTF);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw new BpfError(`this kernel does not tell its types: ${KERNEL_BTF}: ${code} (CONFIG_DEBUG_INFO_BTF)`, code);
  }
  return (kernelTypes = new Btf(bytes, KERNEL_BTF));
}

export class BpfObject implements Disposable {
  readonly #kernel: Kernel;
  readonly #maps = new Map<string, BpfMap>();
  readonly #programs = new Map<string, BpfProgram>();
  readonly #missing = new Map<string, BpfError>();
  readonly #rings: RingBuffer[] = [];

  /** Throws BpfError; nothing is left behind then. `name` is for messages. */
  constructor(kernel: Kernel, bytes: Uint8Array, name: string, options: LoadOptions = {}) {
    this.#kernel = kernel;
    try {
      this.#load(new Elf(bytes, name), name, options);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  map(name: string): BpfMap {
    const map = this.#maps.get(name);
    if (map === undefined) throw new BpfError(`the object has no map '${name}'`);
    return map;
  }
  /** A program that was loaded. */
  program(name: string): BpfProgram {
    const program = this.#programs.get(name);
    if (program === undefined) throw new BpfError(`the object has no program '${name}', or it was not asked for`);
    return program;
  }
  /** Optional programs that this kernel refused, and why. */
  get missing(): ReadonlyMap<string, BpfError> {
    return this.#missing;
  }
  get programs(): readonly BpfProgram[] {
    return [...this.#programs.values()];
  }
  /** A ring buffer, mapped; closed with the object. */
  ring(name: string): RingBuffer {
    const ring = new RingBuffer(this.#kernel, this.map(name));
    this.#rings.push(ring);
    return ring;
  }

  /** Closes rings, maps and programs. Links are the caller's. */
  close(): void {
    for (const ring of this.#rings) ring.close();
    for (const program of this.#programs.values()) program.close();
    for (const map of this.#maps.values()) map.close();
  }
  [Symbol.dispose](): void {
    this.close();
  }

  #load(elf: Elf, name: string, options: LoadOptions): void {
    const types = elf.section('.BTF');
    if (types === undefined) throw new BpfError(`${name} has no BTF: compile it with -g`);
    const local = new Btf(types.bytes, name);
    for (const definition of mapDefinitions(local)) {
      this.#maps.set(definition.name, new BpfMap(this.#kernel, resized(definition, options)));
    }
    this.#loadData(elf, options);
    const ext = elf.section('.BTF.ext');
    const core = ext === undefined ? new Map<string, never[]>() : coreRelocations(ext.bytes, local);
    const license = elf.section('license')?.bytes ?? Buffer.from('\0');
    for (const section of elf.sections) {
      if (section.type !== SHT_PROGBITS || (section.flags & SHF_EXECINSTR) === 0 || section.bytes.length === 0)
        continue;
      const wanted = this.#wanted(elf, section, options);
      if (wanted.length === 0) continue;
      const kind = programKind(section.name);
      if (kind === undefined) throw new BpfError(`${name}: programs of section '${section.name}' are not known here`);
      const code = Buffer.from(section.bytes);
      this.#relocateMaps(elf, section, code, name);
      const lacking = (core.get(section.name) ?? [])
        .filter((relocation) => !relocate(code, relocation, local, kernelBtf()))
        .map((relocation) => relocationName(relocation, local));
      for (const { name: program, value, size } of wanted) {
        try {
          const fd = this.#loadProgram(program, kind, code.subarray(value, value + size), license, lacking);
          this.#programs.set(program, new BpfProgram(this.#kernel, program, kind, fd));
        } catch (error) {
          if (!(error instanceof BpfError) || options.optional?.(program) !== true) throw error;
          this.#missing.set(program, error);
        }
      }
    }
  }

  #wanted(elf: Elf, section: Section, options: LoadOptions) {
    const isWanted = options.programs ?? (() => !section.name.startsWith('?'));
    return elf.symbols.filter(
      (symbol) => symbol.isFunction && symbol.section === section.index && isWanted(symbol.name),
    );
  }

  /** Variables: each data section is an array with one entry. */
  #loadData(elf: Elf, options: LoadOptions): void {
    const left = new Set(Object.keys(options.constants ?? {}));
    for (const section of elf.sections) {
      if (!/^\.(rodata|data|bss)(\.|$)/.test(section.name) || section.bytes.length === 0) continue;
      if (section.type !== SHT_PROGBITS && section.type !== SHT_NOBITS) continue;
      for (const { name, section: index, value, size } of elf.symbols) {
        const constant = options.constants?.[name];
        if (index !== section.index || constant === undefined) continue;
        left.delete(name);
        write(section.bytes.subarray(value, value + size), constant, name);
      }
      const isConstant = section.name.startsWith('.rodata');
      this.#maps.set(section.name, dataMap(this.#kernel, section.name, section.bytes, isConstant));
    }
    for (const name of left) throw new BpfError(`the object has no variable '${name}'`);
  }

  /** References to maps and variables: two-instruction loads of a 64-bit value. */
  #relocateMaps(elf: Elf, section: Section, code: Buffer, name: string): void {
    for (const { offset, symbol } of elf.relocations(section)) {
      if (code[offset] !== 0x18) throw new BpfError(`${name}: calls of other functions are not linked: inline them`);
      const data = this.#maps.get(elf.sections[symbol.section]?.name ?? '');
      const map = data ?? this.#maps.get(symbol.name);
      if (map === undefined) throw new BpfError(`${name}: there is nothing behind the symbol '${symbol.name}'`);
      code[offset + 1] = (code[offset + 1] & 15) | ((data === undefined ? PSEUDO_MAP_FD : PSEUDO_MAP_VALUE) << 4);
      // In a data section, the place is the symbol's and, for static ones, what the instruction says.
      if (data !== undefined) code.writeInt32LE(symbol.value + code.readInt32LE(offset + 4), offset + 12);
      code.writeInt32LE(map.fd, offset + 4);
    }
  }

  #loadProgram(name: string, kind: ProgramKind, code: Buffer, license: Buffer, lacking: readonly string[]): number {
    const attribute = this.#kernel
      .attribute()
      .u32(0, kind.type)
      .u32(4, code.length / 8)
      .pointer(8, code)
      .pointer(16, license)
      .name(48, name)
      .u32(68, kind.attachType);
    if (kind.target !== '') {
      const target = kernelBtf().find(kind.target, KIND.TYPEDEF, KIND.FUNC);
      if (target === 0) {
        throw new BpfError(
          `this kernel has no ${kind.target.replace(/^btf_trace_/, 'tracepoint ')} for ${name}`,
          'ENOENT',
        );
      }
      attribute.u32(108, target);
    }
    const fd = this.#kernel.try(COMMAND.PROG_LOAD, attribute);
    if (fd >= 0) return fd;
    // Again, for the reason: a log costs time that a good program need not spend.
    const log = Buffer.alloc(LOG_BYTES);
    attribute.u32(24, 1).u32(28, log.length).pointer(32, log);
    const again = this.#kernel.try(COMMAND.PROG_LOAD, attribute);
    if (again >= 0) return again;
    const said = log.toString('latin1', 0, Math.max(0, log.indexOf(0))).trimEnd();
    const reason = said.includes(String(POISON)) ? ` because it has no ${[...new Set(lacking)].join(', ')}` : '';
    throw systemError(`the kernel refuses the BPF program ${name}${reason}`, -fd, said.slice(-LOG_SHOWN));
  }
}

function resized(definition: MapDefinition, options: LoadOptions): MapDefinition {
  const maxEntries = options.maxEntries?.[definition.name];
  const inner = options.maxEntries?.[`${definition.name}.inner`];
  const resizedInner =
    inner === undefined || definition.inner === undefined
      ? definition.inner
      : { ...definition.inner, maxEntries: inner };
  return { ...definition, maxEntries: maxEntries ?? definition.maxEntries, inner: resizedInner };
}

function write(place: Buffer, value: number | bigint | Uint8Array, name: string): void {
  if (typeof value === 'object') {
    if (value.length > place.length) throw new RangeError(`${name} has ${place.length} bytes`);
    place.fill(0).set(value);
  } else if (place.length === 8) place.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
  else place.writeUIntLE(Number(value), 0, place.length);
}
