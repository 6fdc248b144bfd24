// The constants of the code under test as bytes: magic numbers, type codes, words. A parser compares its input with them, so inputs that
// hold them come further.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { PROJECT } from '../../kit/shared.ts';

const MAX_TEXT = 40;
/** Where lengths and counters break: the edges of their types. */
const EDGES = [0, 1, 2, 0x3f, 0x40, 0x7f, 0x80, 0xbf, 0xc0, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0xffffffff];

export function dictionaryOf(paths: readonly string[]): readonly Uint8Array[] {
  const found = new Map<string, Uint8Array>();
  const add = (bytes: Uint8Array) => {
    if (bytes.length > 0 && bytes.length <= MAX_TEXT) found.set(Buffer.from(bytes).toString('hex'), bytes);
  };
  for (const n of EDGES) for (const bytes of numberBytes(n)) add(bytes);
  for (const file of paths.flatMap(filesOf)) {
    const code = readFileSync(file, 'utf8').replace(/^\s*(?:\/\/|import ).*$/gm, '');
    for (const [, text] of code.matchAll(/'((?:[^'\\\n]|\\.)*)'/g)) for (const bytes of textBytes(text)) add(bytes);
    for (const [word] of code.matchAll(/\b0x[0-9a-fA-F_]+\b|\b\d{1,10}\b/g)) {
      const n = Number(word.replaceAll('_', ''));
      if (n <= 0xffffffff) for (const bytes of numberBytes(n)) add(bytes);
    }
  }
  return [...found.values()];
}

function filesOf(path: string): string[] {
  const whole = PROJECT + path;
  if (!statSync(whole).isDirectory()) return [whole];
  return readdirSync(whole, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((name) => `${whole}${whole.endsWith('/') ? '' : '/'}${name}`);
}

function textBytes(text: string): Uint8Array[] {
  const plain = text.replace(
    /\\(.)/g,
    (_, letter: string) => ({ r: '\r', n: '\n', t: '\t', '0': '\0' })[letter] ?? letter,
  );
  const bytes = [new Uint8Array(Buffer.from(plain, 'latin1'))];
  if (/^(?:[0-9a-f]{2})+$/.test(text)) bytes.push(new Uint8Array(Buffer.from(text, 'hex')));
  return bytes;
}

function numberBytes(n: number): Uint8Array[] {
  const big = [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
  const widths = n < 256 ? [1, 2] : n < 65_536 ? [2, 4] : [4];
  return widths.flatMap((width) => {
    const bytes = big.slice(4 - width);
    return width === 1 ? [Uint8Array.from(bytes)] : [Uint8Array.from(bytes), Uint8Array.from(bytes.toReversed())];
  });
}
