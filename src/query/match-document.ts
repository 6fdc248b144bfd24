// A condition asked of one document, for streams of records: the same grammar as for the store, over the JSON that sinks get.

import { BlockList, isIP } from 'node:net';
import type { RecordType } from '../records/record.ts';
import type { Condition, Item, Match, Name } from './ast.ts';
import { answerField, directionQuestion } from './direction.ts';
import { parseCount, parseSpan } from './values.ts';

type Document = Readonly<Record<string, unknown>>;

/** Whether a document of this record type is what the condition asks for. A field that is not there matches nothing. */
export function documentMatches(condition: Condition, type: RecordType, document: Document): boolean {
  switch (condition.kind) {
    case 'all':
      return condition.parts.every((part) => documentMatches(part, type, document));
    case 'any':
      return condition.parts.some((part) => documentMatches(part, type, document));
    case 'not':
      return !documentMatches(condition.part, type, document);
    case 'type':
      return type.name === condition.type;
    case 'transport':
      return valuesAt(document, 'network.transport').some((value) => condition.values.includes(String(value)));
    case 'network':
      return valuesAt(document, 'network.type').includes(condition.value);
    case 'search':
      return contains(document, condition.text.toLowerCase());
    case 'exists':
      return valuesOf(condition.name, type, document).length > 0;
    case 'match':
      return matches(condition, type, document);
  }
}

function matches(match: Match, type: RecordType, document: Document): boolean {
  const { name, isNegated } = match;
  if (name.isDirection === true) return directionFits(match, type, document) !== isNegated;
  if (name.transport !== undefined && !valuesAt(document, 'network.transport').includes(name.transport)) return false;
  const values = valuesOf(name, type, document);
  if (values.length === 0) return false;
  const any = values.some((value) => match.items.some((item) => fits(match, item, value)));
  return isNegated ? !any : any;
}

function directionFits({ items }: Match, type: RecordType, document: Document): boolean {
  const answers = answerField(type);
  return items.some((item) => {
    const asked = directionQuestion(item);
    if ('directions' in asked)
      return valuesAt(document, 'network.direction').some((value) => asked.directions.includes(String(value)));
    if (answers === undefined) return false;
    return Number(valuesAt(document, answers.paths[0])[0] ?? 0) > 0 === asked.isAnswered;
  });
}

function fits(match: Match, item: Item, value: unknown): boolean {
  const { how, name } = match;
  if (!('value' in item)) {
    const n = numeric(value);
    const low = bound(item.low.text);
    const high = bound(item.high.text);
    return n !== undefined && low !== undefined && high !== undefined && n >= low && n <= high;
  }
  const { text, isQuoted } = item.value;
  const lower = text.toLowerCase();
  const wanted = name.words?.get(lower) ?? (name.shown === 'network.transport' ? lower : text);
  const is = String(value);
  switch (how) {
    case 'less':
    case 'atMost':
    case 'greater':
    case 'atLeast': {
      const n = numeric(value);
      const limit = bound(wanted);
      if (n === undefined || limit === undefined) return false;
      return how === 'less' ? n < limit : how === 'atMost' ? n <= limit : how === 'greater' ? n > limit : n >= limit;
    }
    case 'regex':
      return expression(wanted, match.flags).test(is);
    case 'contains':
      return is.toLowerCase().includes(wanted.toLowerCase());
    case 'like':
      return wildcard(wanted.replaceAll('%', '*').replaceAll('_', '?')).test(is);
    default:
      if (typeof value === 'number') return value === bound(wanted);
      if (isIP(is) !== 0 && wanted.includes('/')) return inNetwork(is, wanted);
      if (!isQuoted && /[*?]/.test(wanted)) return wildcard(wanted).test(is);
      return how === 'loose' ? is.toLowerCase() === wanted.toLowerCase() : is === wanted;
  }
}

function valuesOf(name: Name, type: RecordType, document: Document): unknown[] {
  return name.operands(type).flatMap(({ path }) => valuesAt(document, path));
}

/** What stands at a path; lists count as their elements, on the way too. */
function valuesAt(value: unknown, path: string): unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((element) => valuesAt(element, path));
  if (path === '') return [value];
  if (typeof value !== 'object') return [];
  const record = value as Record<string, unknown>;
  // Keys may hold dots: the longest that is there goes first.
  for (let dot = path.length; dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
    const key = path.slice(0, dot);
    if (Object.hasOwn(record, key)) return valuesAt(record[key], path.slice(dot + 1));
  }
  return [];
}

function contains(value: unknown, text: string): boolean {
  if (typeof value === 'string') return value.toLowerCase().includes(text);
  if (typeof value === 'object' && value !== null) return Object.values(value).some((one) => contains(one, text));
  return false;
}

function numeric(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value !== '' && Number.isFinite(Number(value)) ? Number(value) : undefined;
}

/** A number, a size or a span. */
function bound(text: string): number | undefined {
  const count = parseCount(text);
  if (count !== undefined) return Number(count.decimal);
  const span = parseSpan(text);
  return typeof span === 'number' ? span : undefined;
}

const expressions = new Map<string, RegExp>();

function cached(key: string, make: () => RegExp): RegExp {
  let found = expressions.get(key);
  if (found === undefined) {
    if (expressions.size > 1000) expressions.clear();
    found = make();
    expressions.set(key, found);
  }
  return found;
}

function expression(text: string, flags = ''): RegExp {
  return cached(`${flags}/${text}`, () => {
    try {
      return new RegExp(text, flags.includes('i') ? 'iu' : 'u');
    } catch {
      // What the store's engine takes and this one does not matches nothing.
      return /(?!)/;
    }
  });
}

function wildcard(text: string): RegExp {
  return cached(`*${text}`, () => {
    const source = text
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
    return new RegExp(`^${source}$`, 'is');
  });
}

function inNetwork(address: string, network: string): boolean {
  const [base, length] = network.split('/');
  const family = isIP(base) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(base) === 0 || !/^\d+$/.test(length)) return false;
  const list = new BlockList();
  try {
    list.addSubnet(base, Number(length), family);
  } catch {
    return false;
  }
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}
