import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { FilterError, loadFilterCompiler } from '../../src/system/libpcap.ts';
import { PROJECT } from '../kit/shared.ts';

const compiler = await loadFilterCompiler().catch((error: Error) => error);

it('compiles filter text to the instructions that tcpdump -dd prints', (context) => {
  if (compiler instanceof Error) return context.skip(compiler.message);
  expect(compiler.compile('ip', 1, 262144)).toEqual([
    { code: 0x28, jt: 0, jf: 0, k: 12 },
    { code: 0x15, jt: 0, jf: 1, k: 0x0800 },
    { code: 0x06, jt: 0, jf: 0, k: 262144 },
    { code: 0x06, jt: 0, jf: 0, k: 0 },
  ]);
  expect(() => compiler.compile('ip and', 1, 262144)).toThrow(FilterError);
  expect(() => compiler.compile('ip\0or tcp', 1, 262144)).toThrow(/zero byte/);
});

/** What a process says in which `import('koffi')` gives `koffi`. */
function messageWith(koffi: string): string {
  const program = `
    import { registerHooks } from 'node:module';
    const source = ${JSON.stringify(koffi)};
    registerHooks({
      resolve: (name, context, next) => name === 'koffi' ? { url: 'test:koffi', shortCircuit: true } : next(name, context),
      load: (url, context, next) => {
        if (url !== 'test:koffi') return next(url, context);
        if (source === '') throw new Error('not installed');
        return { format: 'module', source, shortCircuit: true };
      },
    });
    const { loadFilterCompiler } = await import('./src/system/libpcap.ts');
    await loadFilterCompiler().catch((error) => console.log(error.name + ': ' + error.message));
  `;
  return spawnSync(process.execPath, ['--input-type=module', '-e', program], { cwd: PROJECT, encoding: 'utf8' }).stdout;
}

it('says what to install when libpcap or koffi is missing', () => {
  expect(messageWith('')).toMatch(/^FilterError: a filter needs the optional package koffi/);
  const withoutLibrary = 'export function load() { throw new Error("no such library"); }';
  expect(messageWith(withoutLibrary)).toMatch(
    /^FilterError: a filter needs libpcap.*apt install libpcap0\.8.*dnf install libpcap/s,
  );
});
