// What the names in a query mean: the fields of the declarations by all their names, and the synonyms of `names.ts`.

import type { Field } from '../records/field.ts';
import type { RecordType } from '../records/record.ts';
import type { Name, Spellings } from './ast.ts';
import type { Hosts } from './comparison.ts';
import { SPELLINGS, SYNONYMS, type Synonym } from './names.ts';
import { suggestion } from './nearest.ts';
import { fieldOperand, type Operand, partOperand, sumOperand } from './operand.ts';
import { QUERY_TYPES } from './query-types.ts';

export interface Vocabulary {
  readonly types: readonly RecordType[];
  /** Named lists: `$internal`. */
  readonly lists: ReadonlyMap<string, readonly string[]>;
  /** The moment that `-15m` counts from, Unix time in ns. */
  readonly nowNs: bigint;
  /** Times without a zone are UTC instead of local. */
  readonly isUtc: boolean;
  /** Host names that may stand for addresses; without it none may. */
  readonly hosts?: Hosts;
  typeNamed(word: string): RecordType | undefined;
  /** The name, or undefined when no record type has it. */
  resolve(text: string): Name | undefined;
  /** Declared, but computed when a document is made: no column holds it. */
  isComputed(text: string): boolean;
  /** All names that `resolve` knows: those of goQuery, Wireshark and ours, then the declared ones. */
  names(): string[];
  /** "dprt: dport?", of these names and other words. */
  suggestion(text: string, others?: readonly string[]): string | undefined;
}

export interface VocabularyOptions {
  lists?: ReadonlyMap<string, readonly string[]>;
  nowNs?: bigint;
  isUtc?: boolean;
  hosts?: Hosts;
}

/** The vocabulary of these record types. */
export function createVocabulary(types: readonly RecordType[], options: VocabularyOptions = {}): Vocabulary {
  const fields = new Map(types.map((type) => [type, fieldIndex(type)] as const));
  const byName = new Map(types.map((type) => [type.name.toLowerCase(), type] as const));
  const indexOf = (type: RecordType) => fields.get(type) ?? fieldIndex(type);

  const resolve = (text: string): Name | undefined => {
    const lower = text.toLowerCase();
    const synonym = SYNONYMS.get(lower);
    const cache = new Map<RecordType, readonly Operand[]>();
    const operands = (type: RecordType): readonly Operand[] => {
      let known = cache.get(type);
      if (known === undefined) cache.set(type, (known = operandsOf(type, indexOf(type), lower, synonym)));
      return known;
    };
    const first = types.find((type) => operands(type).length > 0);
    if (first === undefined) return undefined;
    const paths = operands(first).map((operand) => operand.path);
    return {
      text,
      shown: paths.join(' or '),
      operands,
      transport: synonym?.transport,
      words: spellings(paths[0], operands(first)[0]),
      isDirection: synonym?.isDirection,
    };
  };

  const names = () => {
    const known = [...SYNONYMS.keys()].filter((name) => !name.includes(' ') && resolve(name) !== undefined);
    return [...known, ...types.flatMap((type) => [...indexOf(type).keys()])];
  };

  return {
    types,
    lists: options.lists ?? new Map(),
    nowNs: options.nowNs ?? BigInt(Date.now()) * 1_000_000n,
    isUtc: options.isUtc ?? false,
    hosts: options.hosts,
    typeNamed: (word) => byName.get(word.toLowerCase()),
    resolve,
    isComputed: (text) => types.some((type) => indexOf(type).get(text.toLowerCase())?.isDerived === true),
    names,
    suggestion: (text, others = []) =>
      suggestion(text, [...names(), ...types.map((type) => type.name), ...QUERY_TYPES.keys(), ...others]),
  };
}

/** Other spellings of a field's values: words, and the numbers that it has names for, decimal or hexadecimal. */
function spellings(path: string, operand: Operand): Spellings | undefined {
  const words = SPELLINGS.get(path);
  if (operand.shape === 'constant' || operand.nameOfNumber === undefined) return words;
  const { nameOfNumber } = operand;
  const isNumber = /^(0x[0-9a-f]{1,8}|[0-9]{1,10})$/;
  return { get: (text) => words?.get(text) ?? (isNumber.test(text) ? nameOfNumber(Number(text)) : undefined) };
}

/** Every name that a declaration gives its fields, in lower case. The first declaration of a name wins. */
function fieldIndex(type: RecordType): ReadonlyMap<string, Field> {
  const index = new Map<string, Field>();
  const all = Object.values(type.fields);
  for (const field of all) for (const path of field.paths) index.set(path.toLowerCase(), field);
  for (const field of all) {
    for (const alias of field.aliases ?? []) if (!index.has(alias.toLowerCase())) index.set(alias.toLowerCase(), field);
  }
  return index;
}

function operandsOf(
  type: RecordType,
  index: ReadonlyMap<string, Field>,
  name: string,
  synonym: Synonym | undefined,
): readonly Operand[] {
  if (synonym?.isFixed !== true) {
    const direct = declared(type, index, name);
    if (direct !== undefined) return [direct];
  }
  if (synonym === undefined) return [];
  const found: Operand[] = [];
  for (const side of synonym.sides) {
    for (const path of side) {
      const operand = declared(type, index, path);
      if (operand !== undefined) {
        found.push(operand);
        break;
      }
    }
  }
  return found;
}

function declared(type: RecordType, index: ReadonlyMap<string, Field>, name: string): Operand | undefined {
  const field = index.get(name);
  if (field !== undefined) return fieldOperand(type, field);
  if (name === 'type' || name === 'event.dataset') return { shape: 'constant', path: 'type', value: type.name };
  const sum = sumOperand(type, name);
  if (sum !== undefined) return sum;
  for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
    const whole = index.get(name.slice(0, dot));
    if (whole !== undefined) return partOperand(whole, name.slice(dot + 1));
  }
  return undefined;
}
