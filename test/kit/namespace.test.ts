// Programs that tests start: waiting for what one says ends with the program, however that ended.

import { expect, test } from 'vitest';
import { Program } from './namespace.ts';

test('what a program that was killed would have said is not waited for', async () => {
  const program = new Program(['sh', '-c', 'echo begun; exec cat']);
  await program.until(() => program.out === 'begun\n');
  const waiting = program.until(() => program.out.includes('done'));
  program.child.kill('SIGKILL');
  await expect(waiting).rejects.toThrow('it ended with SIGKILL');
});

test('what a program says last is heard though it has ended', async () => {
  // Its output is held open, and written to, by another one.
  const program = new Program(['sh', '-c', '(sleep 0.2; echo last) & echo first']);
  await program.until(() => program.out.includes('last'));
  expect((await program.end()).code).toBe(0);
});
