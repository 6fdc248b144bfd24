// What a daemon says when it can not begin, and what it bears while it begins.

import { existsSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { netscribe } from '../kit/commands.ts';
import { DaemonKit } from '../kit/daemon.ts';
import { noNamespaces } from '../kit/namespace.ts';
import { unless } from '../kit/unless.ts';

let kit: DaemonKit;
afterEach(() => kit.remove());

unless(noNamespaces).describe('netscribe run at its start', () => {
  test('refuses what is wrong in its configuration before it makes anything', async () => {
    kit = new DaemonKit();
    const api = kit.config.api;
    for (const [change, expected] of [
      [{ api: { address: '8145' } }, "api.address: '8145' is no address; write HOST:PORT"],
      [{ api: { address: '0.0.0.0:8145' } }, 'set api.tls'],
      [{ api, capture: { interfaces: { b: { filter: 'tcp prot 80' } } } }, 'capture.interfaces.b.filter'],
      [{ api, capture: { interfaces: { b: null }, records: ['dsn'] } }, "did you mean 'dns'"],
    ] as const) {
      kit.config = { ...kit.config, ...change };
      kit.writeConfig();
      const { code, err } = await netscribe(['run', '-c', kit.file]);
      expect([code, err]).toEqual([2, expect.stringContaining(expected)]);
    }
    expect(existsSync(kit.store)).toBe(false);
  });

  test('does not die of SIGHUP, and names the interface that it does not know', async () => {
    kit = new DaemonKit();
    kit.writeConfig();
    const program = kit.ns.netscribe(['run', '-c', kit.file]);
    kit.program = program;
    // The store is made after signals are listened to, and before packets are captured.
    while (!existsSync(kit.store) && program.child.exitCode === null && program.child.signalCode === null)
      await new Promise((resolve) => setTimeout(resolve, 5));
    program.child.kill('SIGHUP');
    await program.until(() => program.err.includes('the configuration is as it was'));
    await program.until(() => program.err.includes('the API is at'));
    const words = ['status', '--api', `unix:${kit.folder}/api`, '--token', `${kit.store}/api.token`];
    const unknown = await netscribe([...words, 'b', 'eht0']);
    expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining("no interface 'eht0'")]);
    expect((await netscribe([...words, 'b'])).out).toMatch(/^b +capturing/m);
    expect((await kit.stop()).code).toBe(143);
  });
});
