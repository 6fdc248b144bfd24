// Host names where a condition wants addresses: `sip = www.example.com` means any of its addresses (A and AAAA records), as in
// goQuery. The grammar never asks anybody: the names are found first, looked up by the caller's wish, and given to it.

import { lookup, Resolver } from 'node:dns/promises';
import { ConditionError } from './error.ts';
import { parseCondition } from './grammar.ts';
import type { Vocabulary } from './vocabulary.ts';

/** At most so many names in one condition are looked up. */
const MAX_NAMES = 32;

/** Names in the condition that stand where addresses should, in lower case. A condition that is wrong anyway has none. */
export function hostNamesIn(text: string, vocabulary: Vocabulary): string[] {
  const names = new Set<string>();
  const collecting = {
    get(name: string): readonly string[] {
      names.add(name);
      return [];
    },
  };
  try {
    parseCondition(text, { ...vocabulary, hosts: collecting });
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error;
    return [];
  }
  return [...names].slice(0, MAX_NAMES);
}

/** Addresses of each name that has some. `servers` as for names of addresses; without them as the system resolves names. */
export async function addressesOfHosts(
  names: readonly string[],
  options: { readonly timeoutMs: number; readonly servers?: readonly string[] },
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, options.timeoutMs);
  });
  const ask = async (name: string) => {
    const addresses = await addressesOf(name, options);
    if (addresses.length > 0) found.set(name, addresses);
  };
  await Promise.race([Promise.all(names.map(ask)), over]);
  clearTimeout(timer);
  return new Map(found);
}

async function addressesOf(
  name: string,
  { timeoutMs, servers }: { readonly timeoutMs: number; readonly servers?: readonly string[] },
): Promise<string[]> {
  if (servers === undefined) {
    const all = await lookup(name, { all: true }).catch(() => []);
    return [...new Set(all.map(({ address }) => address))];
  }
  const resolver = new Resolver({ timeout: timeoutMs, tries: 1 });
  resolver.setServers(servers);
  const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
}
