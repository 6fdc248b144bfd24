// Which interfaces a user means: names, `any`, `/regular expressions/`, and exclusions with `!`, separated by commas.

import type { Link } from '../../system/links.ts';
import { InputError } from '../input-error.ts';

export interface InterfaceSelection {
  /** As the user wrote it, for messages. */
  text: string;
  /** Names that must exist. */
  names: readonly string[];
  wants(name: string): boolean;
  /** The one interface that is meant, or undefined when there may be several. */
  single: string | undefined;
  /** All interfaces but the excluded ones. */
  isAny: boolean;
}

type Matcher = (name: string) => boolean;

/** Throws InputError for a regular expression that is none. Without a positive word, all interfaces are meant. */
export function selectInterfaces(words: readonly string[]): InterfaceSelection {
  const names: string[] = [];
  const wanted: Matcher[] = [];
  const excluded: Matcher[] = [];
  let isAny = false;
  for (const word of words.flatMap(split)) {
    const isExclusion = word.startsWith('!');
    const text = isExclusion ? word.slice(1) : word;
    if (text === '') throw new InputError('', `-i ${words.join(' -i ')}: an interface has no name here`);
    if (text === 'any' && !isExclusion) isAny = true;
    else if (isExclusion) excluded.push(matcher(text));
    else {
      if (!isPattern(text)) names.push(text);
      wanted.push(matcher(text));
    }
  }
  if (wanted.length === 0) isAny = true;
  const wants: Matcher = (name) =>
    (isAny || wanted.some((matches) => matches(name))) && !excluded.some((matches) => matches(name));
  const isSingle = !isAny && wanted.length === 1 && names.length === 1 && excluded.length === 0;
  return { text: words.join(', '), names, wants, single: isSingle ? names[0] : undefined, isAny };
}

/** At commas, but not at those inside slashes. */
function split(words: string): string[] {
  return words.match(/!?\/(?:[^/\\]|\\.)*\/|[^,]+/g)?.map((word) => word.trim()) ?? [''];
}

function isPattern(text: string): boolean {
  return text.length > 1 && text.startsWith('/') && text.endsWith('/');
}

function matcher(text: string): Matcher {
  if (!isPattern(text)) return (name) => name === text;
  try {
    const pattern = new RegExp(text.slice(1, -1));
    return (name) => pattern.test(name);
  } catch (error) {
    throw new InputError('', `-i ${text}: ${(error as Error).message}`);
  }
}

/** Throws InputError when a name is not among the links; tells of what is named and can give no packets for now. */
export function checkNames(
  { names, text, wants }: InterfaceSelection,
  links: readonly Link[],
  tell: (words: string) => void,
): void {
  for (const name of names) {
    const link = links.find((one) => one.name === name);
    if (link === undefined) {
      throw new InputError(
        name,
        `there is no interface '${name}'; there are ${links.map((one) => one.name).join(', ')} ('netscribe interfaces' says more)`,
      );
    }
    if (!link.isUp) tell(`${name} is down; packets come when it is up`);
  }
  if (names.length === 0 && !links.some(({ name }) => wants(name))) {
    tell(`no interface matches ${text} now; those that appear are captured`);
  }
}
