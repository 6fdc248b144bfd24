// A disk that takes no more: the import fails with the place and the reason, the store stays as it was.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeError } from '../../src/store/errors.ts';
import { openStore } from '../../src/store/store.ts';
import { makeBatch } from './batch-kit.ts';

const CHILD = fileURLToPath(new URL('./full-child.ts', import.meta.url));

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'netscribe-full-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('a disk that takes no more', () => {
  it('fails the import and keeps the store', () => {
    const store = openStore(directory);
    const writer = store.beginImport();
    writer.write(makeBatch('flow', [{ name: 'value', kind: 'text', values: ['kept'] }]));
    writer.commit('small');
    store.close();
    // A limit on the size of files (in blocks of 512 bytes) stands for the full disk: no privilege is needed for it.
    const script = `trap '' XFSZ; ulimit -f 200; exec "$0" "$@"`;
    const out = execFileSync('sh', ['-c', script, process.execPath, CHILD, directory], { encoding: 'utf8' });
    expect(JSON.parse(out)).toEqual({
      message: `the store at ${directory} cannot be written: the file would be larger than the limit; choose another (--to store:DIR, of the daemon store.directory)`,
      code: 'EFBIG',
    });
    const files = readdirSync(directory, { recursive: true, encoding: 'utf8' });
    expect(files.filter((name) => name.endsWith('.parquet'))).toHaveLength(1);
    const again = openStore(directory);
    expect(Object.keys(again.manifest.imports)).toEqual(['small']);
    again.close();
  });

  it.each([
    ['ENOSPC', 'disk full; free space or choose another (--to store:DIR, of the daemon store.directory)'],
    ['EROFS', 'the file system is read-only; choose another (--to store:DIR, of the daemon store.directory)'],
    ['EACCES', 'no permission; choose another (--to store:DIR, of the daemon store.directory)'],
  ])('is told as %s', (code, words) => {
    const error = writeError('/data', Object.assign(new Error('x'), { code, path: '/data/manifest.json.tmp' }));
    expect(error.message).toBe(`the store at /data cannot be written: ${words}`);
    expect(error).toMatchObject({ code, path: '/data/manifest.json.tmp' });
  });
});
