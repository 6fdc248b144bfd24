// What must agree between the files around the program.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { manualPages } from '../src/cli/manual.ts';
import { VERSION } from '../src/version.ts';
import { PROJECT } from './kit/shared.ts';

const read = (file: string) => readFileSync(PROJECT + file, 'utf8');
const manifest = JSON.parse(read('package.json'));
const lock = JSON.parse(read('package-lock.json'));

describe('package', () => {
  it('has one version in the manifest, the lockfile, the program and the changelog', () => {
    expect(VERSION).toBe(manifest.version);
    expect(lock.packages[''].version).toBe(manifest.version);
    expect(read('CHANGELOG.md')).toContain(`## [${manifest.version}]`);
  });

  it('locks what it asks for, by checksum and without naming a registry', () => {
    for (const kind of ['dependencies', 'optionalDependencies', 'devDependencies']) {
      expect(lock.packages[''][kind], kind).toEqual(manifest[kind]);
    }
    for (const [path, entry] of Object.entries<{ version: string; integrity?: string; resolved?: string }>(
      lock.packages,
    )) {
      if (path === '') continue;
      expect(entry.resolved, path).toBeUndefined();
      // A package for another platform that the registry did not have has neither.
      if (entry.version !== undefined && entry.integrity === undefined)
        expect(entry, path).toHaveProperty('optional', true);
    }
  });

  it('names manual pages that there are; the build adds new ones', async () => {
    const pages = [...(await manualPages()).keys()].map((name) => `./dist/man/${name}`);
    expect(pages).toEqual(expect.arrayContaining(manifest.man));
  });

  it('tells the reason for every dependency in docs/decisions.md', () => {
    const decisions = read('docs/decisions.md');
    const names = ['dependencies', 'optionalDependencies', 'devDependencies'].flatMap((kind) =>
      Object.keys(manifest[kind]),
    );
    expect(names.filter((name) => !decisions.includes(`\`${name}\``))).toEqual([]);
  });
});
