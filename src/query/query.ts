// The public face of this folder: from words to an answer.
//
//   const vocabulary = createVocabulary(recordTypes);
//   const words = splitWords(['sip,dport', 'proto = udp'], vocabulary);
//   const plan = planQuery({ ...words, limit: 10 }, vocabulary);
//   for (const text of formatResult(await runQuery(reader, plan), 'table')) process.stdout.write(text);

export {
  DEFAULT_NAME_ROWS,
  DEFAULT_NAME_TIMEOUT_MS,
  nameBeside,
  nameInPlace,
  namesOfAddresses,
} from './address-names.ts';
export type { Condition } from './ast.ts';
export { type CompiledCondition, compileCondition } from './compile.ts';
export { ConditionError, QueryError } from './error.ts';
export { explain } from './explain.ts';
export { FORMATS, type Format, type FormatOptions, formatNamed, formatResult } from './format.ts';
export { parseCondition } from './grammar.ts';
export { addressesOfHosts, hostNamesIn } from './host-names.ts';
export { type InterfaceListOptions, planInterfaces } from './interfaces.ts';
export { documentMatcher } from './match-document.ts';
export { Params, type Statement } from './params.ts';
export { DEFAULT_LIMIT, type Plan, planQuery, type QueryOptions } from './plan.ts';
export { QUERY_TYPES } from './query-types.ts';
export { renderCondition } from './render.ts';
export { type Cell, type Executor, type QueryResult, runQuery } from './run.ts';
export { type SplitWords, splitWords } from './split-words.ts';
export { readStoredQuery, type StoredQuery, storedQueryText } from './stored.ts';
export { isoTime, parseTime } from './times.ts';
export { createVocabulary, type Vocabulary, type VocabularyOptions } from './vocabulary.ts';
