// Interfaces that packets pass one after the other: a bridge and its ports, a bond and its links, a VLAN and what carries it. Where both are
// captured each packet is in two flows, one by interface, as it shall be; whoever adds them up should know.

import type { Link } from '../system/links.ts';

/** Captured interfaces by name, each with the captured ones that its packets pass as well. */
export function seenTwice(links: readonly Link[], isCaptured: (name: string) => boolean): Map<string, string[]> {
  const captured = links.filter(({ name }) => isCaptured(name));
  const names = new Map(captured.map(({ index, name }) => [index, name]));
  const found = new Map<string, string[]>();
  const add = (upper: string, lower: string) => {
    const lowers = found.get(upper);
    if (lowers === undefined) found.set(upper, [lower]);
    else lowers.push(lower);
  };
  for (const { name, master, carrier } of captured) {
    const upper = names.get(master);
    if (upper !== undefined) add(upper, name);
    const lower = names.get(carrier);
    if (lower !== undefined) add(name, lower);
  }
  return found;
}

/** A line for each interface that is above others. */
export function seenTwiceWords(found: ReadonlyMap<string, readonly string[]>): Map<string, string> {
  const words = [...found].map(
    ([upper, lowers]) =>
      [
        upper,
        `${upper} is captured, and so ${lowers.length === 1 ? 'is' : 'are'} ${lowers.join(', ')}: packets that pass both are in the flows of both. Ask by interface (iface = ${upper}), or leave one out (capture.autodetection.exclude)`,
      ] as const,
  );
  return new Map(words);
}
