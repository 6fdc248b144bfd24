import { expect, test } from 'vitest';
import { lackingField } from '../../src/api/lacking-header.ts';

test('texts are a list of strings, and those beyond ASCII display strings', () => {
  const texts = ['/data/a.parquet is not there', String.raw`/a "b"\c`, '/dätä 5%\n"x"'];
  expect(lackingField(texts)).toBe(
    String.raw`"/data/a.parquet is not there", "/a \"b\"\\c", %"/d%c3%a4t%c3%a4 5%25%0a%22x%22"`,
  );
  expect(lackingField([])).toBe('');
});
