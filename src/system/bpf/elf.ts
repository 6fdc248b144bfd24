// ELF64 little-endian relocatable objects as clang makes them for BPF: sections, symbols, relocations (System V ABI, chapter 4).

import { BpfError } from './error.ts';

export interface Section {
  readonly index: number;
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly bytes: Buffer;
  readonly link: number;
  readonly info: number;
}
export interface ElfSymbol {
  readonly name: string;
  /** Index of the section it is in. */
  readonly section: number;
  /** Offset in that section. */
  readonly value: number;
  readonly size: number;
  readonly isFunction: boolean;
}
export interface Relocation {
  /** Offset in the section that is relocated. */
  readonly offset: number;
  readonly symbol: ElfSymbol;
}

export const SHT_PROGBITS = 1;
export const SHT_NOBITS = 8;
const SHT_REL = 9;
export const SHF_EXECINSTR = 4;
const EM_BPF = 247;
const STT_FUNC = 2;
const HEADER_BYTES = 64;
const SECTION_BYTES = 64;
const SYMBOL_BYTES = 24;
const RELOCATION_BYTES = 16;

export class Elf {
  readonly sections: readonly Section[];
  readonly symbols: readonly ElfSymbol[];

  /** Throws BpfError when the bytes are not a BPF object. */
  constructor(bytes: Uint8Array, name: string) {
    const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const isElf = file.length >= HEADER_BYTES && file.readUInt32BE(0) === 0x7f454c46 && file[4] === 2 && file[5] === 1;
    if (!isElf || file.readUInt16LE(18) !== EM_BPF) throw new BpfError(`${name} is not a little-endian BPF object`);
    try {
      this.sections = readSections(file);
      this.symbols = readSymbols(this.sections);
    } catch (error) {
      throw new BpfError(`${name} is damaged: ${(error as Error).message}`);
    }
  }

  section(name: string): Section | undefined {
    return this.sections.find((section) => section.name === name);
  }

  /** Relocations of a section, in the order of the file. */
  relocations(section: Section): Relocation[] {
    const found: Relocation[] = [];
    for (const { type, info, bytes } of this.sections) {
      if (type !== SHT_REL || info !== section.index) continue;
      for (let at = 0; at + RELOCATION_BYTES <= bytes.length; at += RELOCATION_BYTES) {
        found.push({ offset: Number(bytes.readBigUInt64LE(at)), symbol: this.symbols[bytes.readUInt32LE(at + 12)] });
      }
    }
    return found;
  }
}

function readSections(file: Buffer): Section[] {
  const at = Number(file.readBigUInt64LE(40));
  const count = file.readUInt16LE(60);
  const headers = Array.from({ length: count }, (_, index) => {
    const p = at + index * SECTION_BYTES;
    const type = file.readUInt32LE(p + 4);
    const from = Number(file.readBigUInt64LE(p + 24));
    const size = Number(file.readBigUInt64LE(p + 32));
    // A copy: code is patched in place.
    const bytes = type === SHT_NOBITS ? Buffer.alloc(size) : Buffer.from(file.subarray(from, from + size));
    if (bytes.length !== size) throw new Error(`section ${index} ends behind the file`);
    return {
      index,
      nameAt: file.readUInt32LE(p),
      type,
      flags: Number(file.readBigUInt64LE(p + 8)),
      bytes,
      link: file.readUInt32LE(p + 40),
      info: file.readUInt32LE(p + 44),
    };
  });
  const names = headers[file.readUInt16LE(62)].bytes;
  return headers.map(({ nameAt, ...rest }) => ({ ...rest, name: textAt(names, nameAt) }));
}

function readSymbols(sections: readonly Section[]): ElfSymbol[] {
  const table = sections.find(({ name }) => name === '.symtab');
  if (table === undefined) throw new Error('there is no symbol table');
  const names = sections[table.link].bytes;
  const symbols: ElfSymbol[] = [];
  for (let at = 0; at + SYMBOL_BYTES <= table.bytes.length; at += SYMBOL_BYTES) {
    symbols.push({
      name: textAt(names, table.bytes.readUInt32LE(at)),
      isFunction: (table.bytes[at + 4] & 15) === STT_FUNC,
      section: table.bytes.readUInt16LE(at + 6),
      value: Number(table.bytes.readBigUInt64LE(at + 8)),
      size: Number(table.bytes.readBigUInt64LE(at + 16)),
    });
  }
  return symbols;
}

/** Zero-terminated text. */
export function textAt(bytes: Buffer, at: number): string {
  const end = bytes.indexOf(0, at);
  return bytes.toString('latin1', at, end < 0 ? bytes.length : end);
}
