// Modules by path and packages by name, as users have them: in a folder of their own, with node_modules beside.

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isModulePath, isPackageName, loadPlugin, PluginError, parsePluginSpec } from '../../src/plugins/load.ts';
import { openSink } from '../../src/sinks/open.ts';
import { runFiles, runInto } from '../kit/engine.ts';
import { PROJECT } from '../kit/shared.ts';

const EXAMPLE = join(PROJECT, 'examples/sink-lines');
const CAPTURE = join(PROJECT, 'examples/first-look.pcap');
const CONTRACT = { kind: 'event source', methods: ['start', 'drain'] };

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'netscribe-plugins-'));
  const packages = join(folder, 'node_modules');
  cpSync(EXAMPLE, join(packages, 'netscribe-sink-lines'), { recursive: true });
  mkdirSync(join(packages, '@scope/only-import'), { recursive: true });
  writeFileSync(
    join(packages, '@scope/only-import/package.json'),
    '{"name":"@scope/only-import","type":"module","exports":{".":{"import":"./a.js"},"./other":{"node":{"import":"./b.js"}}}}',
  );
  writeFileSync(
    join(packages, '@scope/only-import/a.js'),
    'export const create = () => ({ start() {}, drain() {}, made: "a.js" });',
  );
  writeFileSync(
    join(packages, '@scope/only-import/b.js'),
    'export const create = (o) => ({ start() {}, drain() {}, o });',
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a module into the folder. */
function module(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return `./${name}`;
}
const load = (spec: string) => loadPlugin(spec, CONTRACT, folder);

describe('loadPlugin', () => {
  it('gives create() the options', async () => {
    const path = module('options.mjs', 'export const create = async (o) => ({ start() {}, drain() {}, o });');
    expect(await load(`${path}?rate=10&name=a%20b&flag`)).toMatchObject({ o: { rate: '10', name: 'a b', flag: '' } });
    expect(await load('@scope/only-import/other?x=1')).toMatchObject({ o: { x: '1' } });
  });
  it('takes a create of the default export, CommonJS and TypeScript', async () => {
    for (const [name, text] of [
      ['default.mjs', 'export default { create: () => ({ start() {}, drain() {}, made: "here" }) };'],
      ['common.cjs', 'exports.create = () => ({ start() {}, drain() {}, made: "here" });'],
      ['typed.ts', 'export const create = (): object => ({ start() {}, drain() {}, made: "here" });'],
    ])
      expect(await load(module(name, text)), name).toMatchObject({ made: 'here' });
  });
  it('finds packages from the folder, also those with an entry for import alone', async () => {
    expect(await load('@scope/only-import')).toMatchObject({ made: 'a.js' });
  });

  it.each([
    ['./missing.js', 'the event source ./missing.js is not there: '],
    ['no-such-package', "there is no package 'no-such-package' to load as an event source: install it here"],
    ['./', 'the event source ./ is a folder without a package in it'],
  ])('%s: %s', async (spec, message) => {
    const error = await load(spec).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(PluginError);
    expect((error as Error).message).toContain(message);
  });
  it.each([
    ['none.mjs', 'export const other = 1;', "exports no function 'create' (it exports other)"],
    ['empty.mjs', '', "exports no function 'create' (it exports nothing)"],
    ['syntax.mjs', 'export const = 1;', 'cannot be loaded: '],
    ['throws.mjs', 'throw new Error("at once");', 'cannot be loaded: at once'],
    ['import.mjs', 'import "no-such-thing";', "cannot be loaded: Cannot find package 'no-such-thing'"],
    ['create.mjs', 'export const create = () => { throw new Error("no database"); };', 'failed: no database'],
    [
      'shape.mjs',
      'export const create = () => ({ start() {} });',
      "returns is no event source: it has no function 'drain'",
    ],
    ['nothing.mjs', 'export const create = () => undefined;', "it has no function 'start', 'drain'"],
  ])('%s: says what is wrong', async (name, text, message) => {
    const error = await load(module(name, text)).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(PluginError);
    expect((error as Error).message).toContain(name);
    expect((error as Error).message).toContain(message);
  });

  it('tells paths from names', () => {
    expect(['./a', '../a.js', '/a', 'a.mjs', 'a.ts?x=1', 'file:///a.js'].map(isModulePath)).not.toContain(false);
    expect(['a', '@a/b', 'store', 'csv:x'].map(isModulePath)).not.toContain(true);
    expect(['a', '@a/b', 'a/b', 'a-b.c?x=1'].map(isPackageName)).not.toContain(false);
    expect(['a b', 'csv:x', '@a', ''].map(isPackageName)).not.toContain(true);
    expect(parsePluginSpec('./a.js?b=1&b=2')).toEqual({ module: './a.js', options: { b: '2' } });
  });
});

describe('the example of a sink', () => {
  it.each(['by path', 'by name'])('works %s', async (how) => {
    const file = join(folder, `${how}.txt`);
    const spec = `${how === 'by path' ? EXAMPLE : 'netscribe-sink-lines'}?file=${encodeURIComponent(file)}`;
    const sink = await openSink(spec, { from: folder });
    await runInto([CAPTURE], [sink]);
    const { text } = await runFiles([CAPTURE]);
    const lines = text
      .split('\n')
      .slice(0, -1)
      .map((line) => `${JSON.parse(line).event.dataset} ${line}\n`);
    expect(readFileSync(file, 'utf8')).toBe(`${lines.join('')}# ${lines.length} records of 448 packets\n`);
  });

  it('says what it needs', async () => {
    await expect(openSink(EXAMPLE)).rejects.toThrow("failed: it needs a file: 'sink-lines?file=records.txt'");
    await expect(openSink(`${EXAMPLE}?files=a`)).rejects.toThrow('it needs a file');
  });
});

describe('a sink of one’s own', () => {
  const sink = (name: string, body: string) =>
    module(name, `export const create = () => ({ async open() {}, async close() {}, async abort() {}, ${body} });`);

  it.each([
    ['no-encoding.mjs', 'write() {}', "its property 'encoding' is undefined, and must be one of ndjson, csv"],
    ['no-write.mjs', "encoding: 'csv'", "has no function 'write'"],
  ])('%s: %s', async (name, body, message) => {
    await expect(openSink(sink(name, body), { from: folder })).rejects.toThrow(message);
  });

  it.each([
    ['bad-write.mjs', "encoding: 'csv', write() { throw new Error('queue full'); }"],
    ['bad-promise.mjs', "encoding: 'ndjson', async write() { throw new Error('queue full'); }"],
    ['bad-close.mjs', "encoding: 'none', async close() { throw new Error('queue full'); }"],
  ])('%s: its failure is told as its own', async (name, body) => {
    const bad = await openSink(sink(name, body), { from: folder });
    await expect(runInto([CAPTURE], [bad])).rejects.toThrow(`the sink ./${name} failed: queue full`);
  });
});
