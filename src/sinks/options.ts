// Options behind a sink's place: `parquet:DIR?rows=1000000&size=512m`.

import { SinkUsageError } from './sink.ts';

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  ki: 1024,
  mi: 1024 ** 2,
  gi: 1024 ** 3,
};

/** The place, and its options by the names in `known`. Throws SinkError for another name. */
export function placeOptions<Name extends string>(
  kind: string,
  text: string,
  known: readonly Name[],
): { place: string; options: Partial<Record<Name, string>> } {
  const mark = text.indexOf('?');
  if (mark < 0) return { place: text, options: {} };
  const options: Partial<Record<Name, string>> = {};
  for (const [name, value] of new URLSearchParams(text.slice(mark + 1))) {
    if (!known.includes(name as Name)) {
      throw new SinkUsageError(
        `${kind} has no option '${name}' (it has ${known.join(', ')}, as in ${kind}:DIR?${known[0]}=…)`,
      );
    }
    options[name as Name] = value;
  }
  return { place: text.slice(0, mark), options };
}

/** A number with a unit: 500k, 1M, 2Gi (1024). Throws SinkError that names the option. */
export function quantity(kind: string, name: string, text: string): number {
  const match = /^(\d+)\s*([kmg]i?)?b?$/i.exec(text);
  const value = match === null ? 0 : Number(match[1]) * UNITS[(match[2] ?? '').toLowerCase()];
  if (value < 1 || value > Number.MAX_SAFE_INTEGER) {
    throw new SinkUsageError(`${kind}'s option ${name} wants a number such as 500000, 10M or 1Gi, not '${text}'`);
  }
  return value;
}
