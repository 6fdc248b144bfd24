// The words after `netscribe query`: columns, record type and condition, told apart without a flag.

import { isColumnList } from './columns.ts';
import { ConditionError } from './error.ts';
import { parseCondition } from './grammar.ts';
import { parsePhrase } from './phrase.ts';
import { Scanner } from './scan.ts';
import { parseNetwork } from './values.ts';
import type { Vocabulary } from './vocabulary.ts';

export interface SplitWords {
  columns?: string;
  condition?: string;
  types?: string[];
}

/**
 * `sip,dport 'proto = udp'` → columns and condition; `'dns and …'` → condition; `dns sip 'status = Error'` → type, columns and
 * condition. A first word that is a column but makes no sense before the rest begins the condition: `port 53`.
 */
export function splitWords(words: readonly string[], vocabulary: Vocabulary): SplitWords {
  if (words.length === 0) return {};
  const [first, ...rest] = words;
  const type = vocabulary.typeNamed(first);
  const whole = words.join(' ');
  if (type !== undefined) {
    if (rest.length === 0) return { types: [type.name] };
    if (!isBeginning(first, whole, vocabulary)) return { types: [type.name], ...splitWords(rest, vocabulary) };
    return { condition: whole };
  }
  if (!looksLikeColumns(first, vocabulary)) return { condition: whole };
  // tcpdump's `src 10.0.0.5` is no column with a condition behind it.
  if (/^(src|dst)$/i.test(first) && rest[0] !== undefined && parseNetwork(rest[0]) !== undefined)
    return { condition: whole };
  if (rest.length === 0) return { columns: first };
  const condition = rest.join(' ');
  if (!parses(condition, vocabulary) && parses(whole, vocabulary)) return { condition: whole };
  return { columns: first, condition };
}

/** `sip,dprt` is meant as columns too: its mistake is told as one of columns. */
function looksLikeColumns(word: string, vocabulary: Vocabulary): boolean {
  if (isColumnList(word, vocabulary)) return true;
  const parts = word.split(',');
  return /^[\w.@-]+( ?, ?[\w.@-]+)+$/.test(word) && parts.some((part) => isColumnList(part, vocabulary));
}

/** `dns and …`, `icmp host 10.0.0.5`: the type is the first word of a condition, not a type before one. */
function isBeginning(first: string, whole: string, vocabulary: Vocabulary): boolean {
  const scanner = new Scanner(whole);
  if (safely(() => parsePhrase(scanner, (name) => vocabulary.resolve(name))) !== undefined) return true;
  const after = new Scanner(whole);
  after.at = first.length;
  return after.takeConnective('and') || after.takeConnective('or') || after.operator() !== undefined;
}

function parses(condition: string, vocabulary: Vocabulary): boolean {
  return safely(() => parseCondition(condition, vocabulary)) !== undefined;
}

function safely<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof ConditionError) return undefined;
    throw error;
  }
}
