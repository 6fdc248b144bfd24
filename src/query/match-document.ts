// A condition asked of single documents, for streams of records: the same grammar and the same meaning as for the store (`compile.ts`), over
// the JSON that sinks get.

import type { Field } from '../records/field.ts';
import type { RecordType } from '../records/record.ts';
import type { Condition, Match, Name, Test } from './ast.ts';
import { type Setting, ValueProblem } from './comparison.ts';
import { isSearched, settingOf } from './compile.ts';
import { answerField, directionQuestion } from './direction.ts';
import { BARE_TRANSPORTS } from './names.ts';
import type { Operand } from './operand.ts';
import { Params } from './params.ts';
import { valueTest } from './value-test.ts';
import type { Vocabulary } from './vocabulary.ts';

export type Document = Readonly<Record<string, unknown>>;
type DocumentTest = (document: Document) => boolean;

/**
 * Whether a document of a record type is what the condition asks for; what is asked is prepared once for each type. `isNamed`: the types of
 * records were named, so that `dns` means flows that carry it, too.
 */
export function documentMatcher(
  condition: Condition,
  vocabulary: Vocabulary,
  isNamed = false,
): (type: RecordType, document: Document) => boolean {
  const setting = settingOf(vocabulary, new Params());
  const tests = new Map<RecordType, DocumentTest>();
  return (type, document) => {
    let test = tests.get(type);
    if (test === undefined) tests.set(type, (test = testOf(condition, type, setting, isNamed)));
    return test(document);
  };
}

const always: DocumentTest = () => true;
const never: DocumentTest = () => false;

function testOf(condition: Condition, type: RecordType, setting: Setting, isNamed: boolean): DocumentTest {
  switch (condition.kind) {
    case 'all':
    case 'any': {
      const parts = condition.parts.map((part) => testOf(part, type, setting, isNamed));
      return condition.kind === 'all'
        ? (document) => parts.every((part) => part(document))
        : (document) => parts.some((part) => part(document));
    }
    case 'not': {
      const part = testOf(condition.part, type, setting, isNamed);
      return (document) => !part(document);
    }
    default:
      return singleTest(condition, type, setting, isNamed);
  }
}

function singleTest(test: Test, type: RecordType, setting: Setting, isNamed: boolean): DocumentTest {
  switch (test.kind) {
    case 'type':
      if (type.name === test.type) return always;
      if (!isNamed || type.family !== 'flow') return never;
      return hasWord('network.protocol', [test.type]);
    case 'transport':
      return hasWord('network.transport', test.values);
    case 'network':
      return hasWord('network.type', [test.value]);
    case 'search':
      return searchTest(test.text.toLowerCase(), type);
    case 'exists':
      return guarded(test.name, presence(test.name.operands(type)));
    case 'match':
      try {
        return matchTest(test, type, setting);
      } catch (problem) {
        // The grammar has checked that it fits at least one type; in the others it does not match.
        if (problem instanceof ValueProblem) return never;
        throw problem;
      }
  }
}

function matchTest(match: Match, type: RecordType, setting: Setting): DocumentTest {
  const { name, how, items, flags, isNegated } = match;
  const operands = name.operands(type);
  if (operands.length === 0) return never;
  if (name.isDirection === true) {
    const fits = directionTest(match, type);
    return isNegated ? (document) => !fits(document) : fits;
  }
  const sides = operands.map((operand) => ({
    valuesIn: valuesOf(operand),
    test: items.length === 0 ? never : valueTest(operand, { how, items, words: name.words, flags }, setting),
  }));
  const any: DocumentTest = (document) => sides.some(({ valuesIn, test }) => valuesIn(document).some(test as never));
  if (!isNegated) return guarded(name, any);
  const isThere = presence(operands);
  return guarded(name, (document) => isThere(document) && !any(document));
}

/** Only records of the name's transport. */
function guarded({ transport }: Name, test: DocumentTest): DocumentTest {
  if (transport === undefined) return test;
  const isOfIt = hasWord('network.transport', BARE_TRANSPORTS.get(transport) ?? [transport]);
  return (document) => isOfIt(document) && test(document);
}

const hasWord =
  (path: string, words: readonly string[]): DocumentTest =>
  (document) =>
    words.includes(String(nodeAt(document, path)));

function directionTest({ items }: Match, type: RecordType): DocumentTest {
  const answers = answerField(type)?.paths[0];
  const tests = items.map((item): DocumentTest => {
    const asked = directionQuestion(item);
    if ('directions' in asked) return hasWord('network.direction', asked.directions);
    if (answers === undefined) return never;
    return (document) => Number(nodeAt(document, answers) ?? 0) > 0 === asked.isAnswered;
  });
  return (document) => tests.some((test) => test(document));
}

function presence(operands: readonly Operand[]): DocumentTest {
  const sides = operands.map((operand): DocumentTest => {
    if (operand.shape === 'constant') return always;
    if (operand.shape === 'elements' && operand.property !== undefined) {
      const valuesIn = valuesOf(operand);
      return (document) => valuesIn(document).length > 0;
    }
    return (document) => nodeAt(document, operand.path) !== undefined;
  });
  return (document) => sides.some((isThere) => isThere(document));
}

function valuesOf(operand: Operand): (document: Document) => readonly unknown[] {
  if (operand.shape === 'constant') {
    const values = Array.isArray(operand.value) ? operand.value : [operand.value];
    return () => values;
  }
  const { path, kind } = operand;
  if (operand.shape === 'value' && (kind === 'list' || kind === 'map' || kind === 'json'))
    return (document) => {
      const node = nodeAt(document, path);
      return node === undefined ? [] : [node];
    };
  return (document) => valuesAt(document, path);
}

/** The fields that a free search looks at, as texts. */
function searchTest(text: string, type: RecordType): DocumentTest {
  const paths = Object.values(type.fields as Record<string, Field>)
    .filter(isSearched)
    .map(({ paths: [path] }) => path);
  return (document) =>
    paths.some((path) => {
      const node = nodeAt(document, path);
      if (node === undefined) return false;
      return (typeof node === 'string' ? node : JSON.stringify(node)).toLowerCase().includes(text);
    });
}

/** What stands at a path, undefined for nothing and null. */
function nodeAt(value: unknown, path: string): unknown {
  if (path === '') return value ?? undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const record = value as Record<string, unknown>;
  const end = keyEnd(record, path);
  return end === -1 ? undefined : nodeAt(record[path.slice(0, end)], path.slice(end + 1));
}

/** The values at a path; lists count as their elements, on the way too. */
function valuesAt(value: unknown, path: string): unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((element) => valuesAt(element, path));
  if (path === '') return [value];
  if (typeof value !== 'object') return [];
  const record = value as Record<string, unknown>;
  const end = keyEnd(record, path);
  return end === -1 ? [] : valuesAt(record[path.slice(0, end)], path.slice(end + 1));
}

/** Where the key ends that a path begins with; -1 when there is none. Keys may hold dots: the longest that is there goes first. */
function keyEnd(record: Record<string, unknown>, path: string): number {
  for (let dot = path.length; dot > 0; dot = path.lastIndexOf('.', dot - 1))
    if (Object.hasOwn(record, path.slice(0, dot))) return dot;
  return -1;
}
