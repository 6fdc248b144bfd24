// The kit finds what is planted: a kit that finds nothing proves nothing.

import { afterEach, describe, expect, it } from 'vitest';
import { f } from '../../src/records/field.ts';
import { defineRecord } from '../../src/records/record.ts';
import { Random } from '../kit/generate/random.ts';
import { checkRecord } from './kit/declared.ts';
import { dictionaryOf } from './kit/dictionary.ts';
import { exchange, fromText, octetsOf, toText } from './kit/exchange.ts';
import { minimise } from './kit/minimise.ts';
import { mutate } from './kit/mutate.ts';
import { check } from './kit/rules.ts';
import { type Fault, PlantedTarget } from './planted.ts';

const BUG = exchange('tcp', [0, new Uint8Array(Buffer.from('BUG and more of it'))]);

afterEach(() => {
  delete (Object.prototype as { polluted?: number }).polluted;
});

describe('rules', () => {
  it.each<[Fault, RegExp]>([
    ['throw', /^planted$/],
    ['pollute', /^prototype: Object\.prototype was changed/],
    ['read around', /^determinism/],
    ['forget', /^cut into pieces of 1/],
  ])('%s', (fault, message) => {
    expect(() => check(new PlantedTarget(fault), BUG)).toThrow(message);
  });
  it('a record that is not as declared', () => {
    const type = defineRecord(
      'planted',
      { family: 'transaction', doc: '' },
      { n: f.int('n', ''), word: f.keyword('word', '').optional(), part: f.slice('part', '').optional() },
    );
    const good = { n: 1, word: undefined, partAt: -1, partEnd: undefined };
    expect(() => checkRecord(type, good)).not.toThrow();
    expect(() => checkRecord(type, { ...good, n: Number.NaN })).toThrow('planted.n is no int');
    expect(() => checkRecord(type, { ...good, n: undefined })).toThrow('planted.n is not optional');
    expect(() => checkRecord(type, { ...good, word: '\ud800' })).toThrow('planted.word is no keyword');
    expect(() => checkRecord(type, { ...good, extra: 1 })).toThrow('has no field extra');
    expect(() => checkRecord(type, { ...good, bytes: new Uint8Array(3), partAt: 2, partEnd: 4 })).toThrow(
      '[2, 4) of 3',
    );
  });
});

it('makes what fails small', () => {
  const target = new PlantedTarget('throw');
  const long = exchange('tcp', [0, BUG.steps[0].bytes], [1, new Uint8Array(100)], [0, new Uint8Array(500)]);
  const small = minimise(long, (candidate) => {
    try {
      check(target, candidate);
    } catch (error) {
      return error;
    }
    return undefined;
  });
  expect(Buffer.from(small.steps[0].bytes).toString()).toBe('BUG');
  expect(octetsOf(small)).toBe(3);
});

it('writes an exchange as text and reads it again', () => {
  const text = 'tcp\n> 0102ff\n< +3 -70 . 00\n> \n';
  expect(toText(fromText(text))).toBe(text);
});

it('makes the same mutants from the same seed, and other ones from another', () => {
  const material = { dictionary: dictionaryOf(['src/protocols/socks/']), others: [BUG] };
  const mutants = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 50 }, () => toText(mutate(BUG, material, random)));
  };
  expect(mutants(1)).toEqual(mutants(1));
  expect(mutants(1)).not.toEqual(mutants(2));
});

it('leaves what mutants are made of as it was, in a Buffer too', () => {
  const random = new Random(5);
  const bytes = Buffer.from('0102030405060708', 'hex');
  const material = { dictionary: [], others: [] };
  for (let i = 0; i < 100; i++) mutate(exchange('tcp', [0, bytes]), material, random);
  expect(bytes.toString('hex')).toBe('0102030405060708');
});
