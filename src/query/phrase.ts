// tcpdump's notation (pcap-filter(7)): `tcp port 443`, `src host 10.0.0.5`, `net 10.0.0.0/8`, `portrange 80-90`.

import type { Condition, Item, Literal, Name } from './ast.ts';
import { BARE_TRANSPORTS, EITHER_PORT } from './names.ts';
import type { Scanner } from './scan.ts';
import { isHostName, parseNetwork } from './values.ts';

const KINDS = new Set(['host', 'net', 'port', 'portrange']);
const SIDES = new Set(['src', 'dst']);
const NETWORKS: ReadonlyMap<string, 'ipv4' | 'ipv6'> = new Map([
  ['ip', 'ipv4'],
  ['ip6', 'ipv6'],
]);

/** The phrase that begins here, or undefined with nothing consumed when there is none. */
export function parsePhrase(
  s: Scanner,
  resolve: (name: string) => Name | undefined,
  allowsNames = false,
): Condition | undefined {
  s.skip();
  const from = s.at;
  const found = phrase(s, resolve, allowsNames);
  if (found === undefined) s.at = from;
  return found;
}

function phrase(s: Scanner, resolve: (name: string) => Name | undefined, allowsNames: boolean): Condition | undefined {
  let word = s.peekName();
  let guard: Condition | undefined;
  if (word === undefined) return undefined;
  const transports = BARE_TRANSPORTS.get(word);
  const network = NETWORKS.get(word);
  if (transports !== undefined || network !== undefined) {
    guard =
      network === undefined ? { kind: 'transport', word, values: transports! } : { kind: 'network', value: network };
    s.name();
    word = s.peekName();
  }
  let side: string | undefined;
  if (word !== undefined && SIDES.has(word)) {
    side = word;
    s.name();
    word = s.peekName();
  }
  let kind = 'host';
  let isNamed = false;
  if (word !== undefined && KINDS.has(word)) {
    kind = word;
    isNamed = allowsNames && kind === 'host';
    s.name();
  } else if (side === undefined) return undefined;
  // "port = 53" and "src in {…}" are fields.
  const at = s.at;
  if (s.operator() !== undefined) return undefined;
  s.at = at;
  const literal = s.phraseValue();
  if (literal === undefined) return undefined;
  const isPort = kind === 'port' || kind === 'portrange';
  const isName = isNamed && isHostName(literal.text);
  if (isPort ? !/^\d+(-\d+)?$/.test(literal.text) : parseNetwork(literal.text) === undefined && !isName) {
    if (/^\d/.test(literal.text))
      s.fail(literal.at, literal.length, `${literal.text} is not ${isPort ? 'a port' : 'an address or network'}`);
    return undefined;
  }
  const name = resolve(nameOf(side, isPort));
  if (name === undefined) return undefined;
  const test: Condition = { kind: 'match', name, how: 'exact', items: [item(literal)], isNegated: false };
  return guard === undefined ? test : { kind: 'all', parts: [guard, test] };
}

function nameOf(side: string | undefined, isPort: boolean): string {
  if (side === undefined) return isPort ? EITHER_PORT : 'host';
  return `${side === 'src' ? 'source' : 'destination'}.${isPort ? 'port' : 'ip'}`;
}

function item(literal: Literal): Item {
  const dash = literal.text.indexOf('-');
  if (dash < 0 || !/^\d+-\d+$/.test(literal.text)) return { value: literal };
  const low = { ...literal, text: literal.text.slice(0, dash), length: dash };
  const high = {
    ...literal,
    text: literal.text.slice(dash + 1),
    at: literal.at + dash + 1,
    length: literal.length - dash - 1,
  };
  return { low, high };
}
