// Columns of a query: goQuery's query types and short names, and any field by any of its names.

import type { RecordType } from '../records/record.ts';
import type { Name } from './ast.ts';
import { QueryError } from './error.ts';
import { suggestion } from './nearest.ts';
import { type Operand, quoted } from './operand.ts';
import { QUERY_TYPES } from './query-types.ts';
import type { Vocabulary } from './vocabulary.ts';

const SHORT: ReadonlyMap<string, string> = new Map([
  ['src', 'sip'],
  ['dst', 'dip'],
  ['port', 'dport'],
  ['protocol', 'proto'],
]);

/** How a cell is read and shown. */
export type CellKind = 'time' | 'ip' | 'text' | 'int' | 'float' | 'bool' | 'duration' | 'json';

export interface KeyColumn {
  /** The short name as typed: `sip`, or the ECS name. */
  readonly label: string;
  /** Canonical ECS name. */
  readonly path: string;
  readonly kind: CellKind;
  readonly unit?: string;
  /** A list of one is written as its only element. */
  readonly isSingle?: boolean;
  /** A time column of a grouped query is cut to this many ns. */
  readonly bucketNs?: number;
  readonly name: Name;
}

/** The words of a column list (`sip,dport`, `talk_conv,time`) with query types expanded and duplicates removed. */
export function columnWords(text: string): string[] {
  const words: string[] = [];
  for (const raw of text.split(',')) {
    const word = raw.trim();
    if (word === '') continue;
    for (const column of QUERY_TYPES.get(word.toLowerCase()) ?? [word]) {
      const short = SHORT.get(column.toLowerCase()) ?? column;
      if (!words.includes(short)) words.push(short);
    }
  }
  return words;
}

/** Could the word be a column list? True when all its parts are query types or fields. */
export function isColumnList(text: string, vocabulary: Vocabulary): boolean {
  const words = text.split(',').map((word) => word.trim());
  return words.every(
    (word) =>
      word !== '' && !word.includes(' ') && (QUERY_TYPES.has(word.toLowerCase()) || isOneField(word, vocabulary)),
  );
}

/** `host` is either side: no column, a word of a condition. */
function isOneField(word: string, vocabulary: Vocabulary): boolean {
  const name = resolveColumn(word, vocabulary);
  return name !== undefined && vocabulary.types.every((type) => name.operands(type).length < 2);
}

function resolveColumn(word: string, vocabulary: Vocabulary): Name | undefined {
  const name = vocabulary.resolve(word);
  return name?.isDirection === true ? vocabulary.resolve('network.direction') : name;
}

/** The columns named by the words, for these types. `raw` leaves out the interface where records have none. */
export function resolveColumns(
  words: readonly string[],
  types: readonly RecordType[],
  vocabulary: Vocabulary,
): KeyColumn[] {
  return words.map((word) => keyColumn(word, types, vocabulary));
}

export function keyColumn(word: string, types: readonly RecordType[], vocabulary: Vocabulary): KeyColumn {
  const name = resolveColumn(word, vocabulary);
  const operands = name === undefined ? [] : types.flatMap((type) => name.operands(type).slice(0, 1));
  if (name === undefined || operands.length === 0) {
    if (vocabulary.isComputed(word))
      throw new QueryError(`${word} is computed when a document is written and is no column`);
    if (name === undefined)
      throw new QueryError(`no column ${word}`, vocabulary.suggestion(word) ?? suggestion(word, QUERY_TYPES.keys()));
    const having = vocabulary.types.filter((type) => name.operands(type).length > 0);
    const listed = (some: readonly RecordType[]) => some.map((type) => type.name).join(', ');
    throw new QueryError(`${listed(types)} records have no ${word}`, `It is a field of ${listed(having)}`);
  }
  if (types.some((type) => name.operands(type).length > 1))
    throw new QueryError(`${word} is no column`, `It is ${name.shown}: name one of them`);
  const kinds = new Set(operands.map(cellKind));
  const kind = kinds.size === 1 ? [...kinds][0] : 'text';
  const first = operands[0];
  return {
    label: word,
    path: first.path,
    kind,
    unit: 'unit' in first ? first.unit : undefined,
    isSingle: first.shape === 'elements' && first.isSingle === true,
    name,
  };
}

export function cellKind(operand: Operand): CellKind {
  if (operand.shape === 'constant') return 'text';
  if (operand.shape === 'elements') return 'json';
  switch (operand.kind) {
    case 'time':
    case 'ip':
    case 'int':
    case 'float':
    case 'bool':
    case 'duration':
      return operand.kind;
    case 'list':
    case 'map':
    case 'json':
    case 'keywords':
      return 'json';
    default:
      return 'text';
  }
}

const SQL_TYPES: Record<CellKind, string> = {
  time: 'TIMESTAMP_NS',
  ip: 'UBIGINT',
  text: 'VARCHAR',
  int: 'BIGINT',
  float: 'DOUBLE',
  bool: 'BOOLEAN',
  duration: 'BIGINT',
  json: 'VARCHAR',
};

/**
 * The column's value in records of one type: an address as two expressions (high and low 64 bits), all else as one. Constants
 * come from declarations; what is quoted here never comes from a user. A part under a key is not a column.
 */
export function keyExpressions(column: KeyColumn, type: RecordType): string[] {
  const operands = column.name.operands(type);
  const nothing = column.kind === 'ip' ? ['NULL::UBIGINT', 'NULL::UBIGINT'] : [`NULL::${SQL_TYPES[column.kind]}`];
  if (operands.length === 0) return nothing;
  const operand = operands[0];
  if (operand.shape === 'constant') return [`'${String(operand.value).replaceAll("'", "''")}'`];
  if (operand.shape === 'elements') {
    if (operand.key !== undefined)
      throw new QueryError(`${operand.path} cannot be a column`, 'Parts of a map can be asked for in the condition');
    if (operand.property !== undefined)
      return [`CAST(json_extract(${operand.sql}, '$[*]."${operand.property}"') AS VARCHAR)`];
    return [operand.sql];
  }
  if (operand.kind === 'ip') {
    const pair = [quoted(`${operand.sql}_hi`), quoted(`${operand.sql}_lo`)];
    return column.kind === 'ip' ? pair : [quoted(operand.sql)];
  }
  if (column.kind === 'text' && operand.kind !== 'text') return [`CAST(${operand.sql} AS VARCHAR)`];
  return [operand.sql];
}
