// What is wrong with a configuration, in words for whoever wrote it.

import { z } from 'zod';
import { nearest } from './nearest.ts';
import { configSchema } from './schema.ts';

type Node = Partial<{
  properties: Record<string, Node>;
  additionalProperties: Node | boolean;
  anyOf: Node[];
}>;

/** A line: where, and what. */
export function explain(issue: z.core.$ZodIssue): string {
  const at = issue.path.join('.') || 'the file';
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(issue.path);
    return issue.keys.map((key) => `${at}: ${unknownKey(key, known)}`).join('\n  ');
  }
  if (issue.code === 'invalid_type' && (issue.expected === 'record' || issue.expected === 'object'))
    return `${at}: here stand names, each with a colon and what is set for it (eth0: or eth0: { promisc: true }), not ${shapeOf(issue.message)}`;
  return `${at}: ${issue.message}`;
}

function unknownKey(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  if (near !== undefined) return `there is no '${key}': did you mean '${near}'?`;
  const elsewhere = placesOf(key, ROOT());
  if (elsewhere.length > 0 && elsewhere.length <= MOST_PLACES)
    return `there is no '${key}' here: did you mean ${elsewhere.join(' or ')}?`;
  return `there is no '${key}'${known.length === 0 ? '' : `; there are ${known.join(', ')}`}`;
}

/** `Invalid input: expected record, received array` */
function shapeOf(message: string): string {
  const received = /received (\w+)/.exec(message)?.[1] ?? 'this';
  return received === 'array'
    ? 'a list'
    : received === 'undefined' || received === 'null'
      ? 'nothing'
      : `a ${received}`;
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
      const { properties = {}, additionalProperties } = node;
      const next = Object.hasOwn(properties, name) ? properties[String(name)] : additionalProperties;
      return typeof next === 'object' ? [next] : [];
    });
  }
  return nodes.flatMap(alternatives).flatMap(({ properties = {} }) => Object.keys(properties));
}

function alternatives(node: Node): Node[] {
  return node.anyOf === undefined ? [node] : node.anyOf.flatMap(alternatives);
}
