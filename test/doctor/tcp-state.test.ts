// What `netscribe doctor` says of the sources of TCP events: to root, to users who have one capability or none, and where a part of the
// kernel is out of sight.

import { spawnSync } from 'node:child_process';
import { beforeEach, expect, it } from 'vitest';
import { LAUNCHER } from '../kit/program.ts';
import { unprivileged, whyNot } from '../tcp-state/kit.ts';

const CHECKS = ['tcp-bpf', 'tcp-tracefs', 'tcp-sock-diag'];

/** By check: what is missing; '' when it can run. And the exit code. */
function doctor(through: string[], checks = CHECKS): Record<string, string | number | null> {
  const [command, ...words] = [...through, process.execPath, LAUNCHER, 'doctor', ...checks, '--json'];
  const { stdout, status } = spawnSync(command, words, { encoding: 'utf8' });
  const told = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { check: string; ok: boolean; missing?: string });
  return { ...Object.fromEntries(told.map(({ check, ok, missing }) => [check, ok ? '' : missing!])), status };
}
/** In a view of the file system of its own, after this was done to it. */
const without = (change: string, through: string[] = []) => [
  'unshare',
  '--mount',
  'sh',
  '-c',
  `${change}; exec "$@"`,
  '-',
  ...through,
];

const root = whyNot === undefined ? doctor([]) : undefined;
const cannot =
  root === undefined ? whyNot : root.status === 0 ? undefined : `not all sources can run here: ${JSON.stringify(root)}`;

beforeEach((context) => context.skip(cannot !== undefined, cannot));

it.each([
  ['who may all', [], {}],
  ['CAP_BPF and CAP_PERFMON', unprivileged('bpf', 'perfmon'), { 'tcp-tracefs': /CAP_DAC_OVERRIDE/ }],
  ['CAP_BPF alone', unprivileged('bpf'), { 'tcp-bpf': /CAP_PERFMON/, 'tcp-tracefs': /CAP_DAC_OVERRIDE/ }],
  ['CAP_DAC_OVERRIDE', unprivileged('dac_override'), { 'tcp-bpf': /CAP_BPF and CAP_PERFMON/ }],
  ['nothing', unprivileged(), { 'tcp-bpf': /CAP_BPF and CAP_PERFMON/, 'tcp-tracefs': /CAP_DAC_OVERRIDE/ }],
] as const)('%s: what is missing for each source', (_, through, missing: Record<string, RegExp>) => {
  const { status, ...told } = doctor([...through]);
  for (const check of CHECKS)
    expect([check, told[check]]).toEqual([check, expect.stringMatching(missing[check] ?? /^$/)]);
  expect(status).toBe(Object.keys(missing).length === 0 ? 0 : 4);
});

it('says when the kernel does not tell its types', () => {
  const told = doctor(without('mount -t tmpfs none /sys/kernel/btf'), ['tcp-bpf']);
  expect(told).toEqual({ 'tcp-bpf': expect.stringMatching(/vmlinux.*CONFIG_DEBUG_INFO_BTF/), status: 4 });
});

it('says when tracefs is not mounted, and that root would mount it', () => {
  const unmount = 'umount -R /sys/kernel/debug 2>/dev/null; umount -R /sys/kernel/tracing 2>/dev/null';
  const told = doctor(without(unmount, unprivileged()), ['tcp-tracefs']);
  expect(told).toEqual({
    'tcp-tracefs': 'tracefs is not mounted: as root, mount -t tracefs nodev /sys/kernel/tracing',
    status: 4,
  });
  expect(doctor(without(unmount), ['tcp-tracefs'])).toEqual({ 'tcp-tracefs': '', status: 0 });
});
