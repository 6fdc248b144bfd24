// What is wrong with a configuration, in words for whoever wrote it.

import { z } from 'zod';
import { nearest } from './nearest.ts';
import { configSchema } from './schema.ts';

type Node = Partial<{
  properties: Record<string, Node>;
  additionalProperties: Node | boolean;
  anyOf: Node[];
  items: Node;
}>;

/** A line: where, and what. */
export function explain(issue: z.core.$ZodIssue): string {
  const at = issue.path.join('.') || 'the file';
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(issue.path);
    return issue.keys.map((key) => `${at}: ${unknownKey(key, known)}`).join('\n  ');
  }
  if (issue.code === 'invalid_type') return `${at}: ${wrongKind([issue.expected], issue, issue.path[0] === 'capture')}`;
  if (issue.code === 'invalid_union') return explainUnion(issue, at);
  return `${at}: ${issue.message}`;
}

/** Of what may be one thing or another: what is wrong with the one whose shape it has, or which shapes there are. */
function explainUnion({ errors, path, message }: z.core.$ZodIssueInvalidUnion, at: string): string {
  const isOtherShape = (issue: z.core.$ZodIssue) => issue.path.length === 0 && issue.code === 'invalid_type';
  const shaped = errors.filter((issues) => issues.length > 0 && !issues.some(isOtherShape));
  const isUnknown = ({ code }: z.core.$ZodIssue) => code === 'unrecognized_keys';
  const [meant] = [...shaped].sort((a, b) => Number(a.some(isUnknown)) - Number(b.some(isUnknown)));
  if (meant !== undefined) {
    // Where a name is none of any, what else each of them lacks says nothing.
    const told = meant.some(isUnknown) ? meant.filter(isUnknown) : meant;
    return told.map((issue) => explain({ ...issue, path: [...path, ...issue.path] })).join('\n  ');
  }
  const expected = errors.flatMap((issues) => issues.flatMap((issue) => ('expected' in issue ? [issue.expected] : [])));
  if (expected.length === 0) return `${at}: ${message}`;
  return `${at}: ${wrongKind(expected, errors[0][0], path[0] === 'capture')}`;
}

const KINDS: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  null: 'nothing',
  undefined: 'nothing',
};

/** A value of another kind than those that may stand there. It is not shown: it may be a secret. */
function wrongKind(expected: readonly string[], { message }: z.core.$ZodIssue, isOfInterfaces: boolean): string {
  // `Invalid input: expected record, received array`
  const received = /received (\w+)/.exec(message)?.[1] ?? 'this';
  const got = KINDS[received] ?? (received === 'object' ? 'names with values' : received);
  if (expected.every((kind) => kind === 'record' || kind === 'object')) {
    const example = isOfInterfaces ? 'eth0: or eth0: { promisc: true }' : 'name: value';
    return `here stand names, each with a colon and what is set for it (${example}), not ${got}`;
  }
  return `write ${[...new Set(expected.map((kind) => KINDS[kind] ?? kind))].join(' or ')}, not ${got}`;
}

function unknownKey(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  if (near !== undefined) return `there is no '${key}': did you mean '${near}'?`;
  const elsewhere = placesOf(key, ROOT());
  if (elsewhere.length > 0 && elsewhere.length <= MOST_PLACES)
    return `there is no '${key}' here: did you mean ${elsewhere.join(' or ')}?`;
  return `there is no '${key}'${known.length === 0 ? '' : `; there are ${known.join(', ')}`}`;
}

const ROOT = (): Node => z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as Node;
/** A name that stands at more places says little. */
const MOST_PLACES = 3;

/** Paths at which this name stands. */
function placesOf(key: string, node: Node, path = ''): string[] {
  return alternatives(node).flatMap(({ properties = {} }) =>
    Object.entries(properties).flatMap(([name, next]) => [
      ...(name === key ? [`${path}${name}`] : []),
      ...placesOf(key, next, `${path}${name}.`),
    ]),
  );
}

/** Names that may stand at this place of the file. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let nodes: Node[] = [ROOT()];
  for (const name of path) {
    nodes = nodes.flatMap(alternatives).flatMap((node) => {
      const { properties = {}, additionalProperties, items } = node;
      const inside = typeof name === 'number' ? items : additionalProperties;
      const next = Object.hasOwn(properties, name) ? properties[String(name)] : inside;
      return typeof next === 'object' ? [next] : [];
    });
  }
  return nodes.flatMap(alternatives).flatMap(({ properties = {} }) => Object.keys(properties));
}

function alternatives(node: Node): Node[] {
  return node.anyOf === undefined ? [node] : node.anyOf.flatMap(alternatives);
}
