// fast-check, whose arrays and strings are as long as their arbitraries say they may be. As it comes, it makes ten elements at most,
// whatever `maxLength` says: too short for most headers.

import fc from 'fast-check';

fc.configureGlobal({ ...fc.readConfigureGlobal(), defaultSizeToMaxWhenMaxSpecified: true });

const SURROGATES = { first: 0xd800, count: 0x800 };

/**
 * Any character of Unicode, for `unit` of strings: what `'binary'` stands for, which makes a table of a million characters first, to find the
 * strings that are known for trouble.
 */
export const anyCharacter = fc
  .nat(0x10ffff - SURROGATES.count)
  .map((n) => String.fromCodePoint(n < SURROGATES.first ? n : n + SURROGATES.count), numberOf);

function numberOf(character: unknown): number {
  const at = typeof character === 'string' ? character.codePointAt(0) : undefined;
  if (at === undefined || String.fromCodePoint(at) !== character) throw new Error('no character');
  if (at < SURROGATES.first) return at;
  if (at < SURROGATES.first + SURROGATES.count) throw new Error('half a character');
  return at - SURROGATES.count;
}

export default fc;

/** How often a property is tried with other inputs each time: `n` times in the full suite, a quarter of it otherwise. */
export const often = (n: number): number => (process.env.NETSCRIBE_TEST === 'full' ? n : Math.ceil(n / 4));
