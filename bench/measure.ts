// Runs a command and says what it cost: CPU seconds of all its threads and its peak memory. Node can not ask the kernel for a
// child's figures, so a small parent does it: Python's wait4 (microseconds), else GNU time (hundredths of a second).

import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Cost {
  cpuSeconds: number;
  wallSeconds: number;
  peakMiB: number;
  /** What the command wrote to standard error. */
  words: string;
}

const WAIT4 = `
import os, sys, time
out = sys.argv[1]
began = time.monotonic()
pid = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, use = os.wait4(pid, 0)
with open(out, "w") as f:
    f.write("%f %f %f %d" % (use.ru_utime, use.ru_stime, time.monotonic() - began, use.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status) & 255)
`;

type Meter = (file: string, command: readonly string[]) => string[];
const METERS: { name: string; probe: readonly string[]; wrap: Meter }[] = [
  {
    name: 'python3',
    probe: ['-I', '-c', 'import os; os.posix_spawnp, os.waitstatus_to_exitcode'],
    wrap: (file, command) => ['python3', '-I', '-S', '-c', WAIT4, file, ...command],
  },
  {
    name: '/usr/bin/time',
    probe: ['-f', '%U', 'true'],
    wrap: (file, command) => ['/usr/bin/time', '-q', '-o', file, '-f', '%U %S %e %M', ...command],
  },
];
let meter: Meter | undefined;

function findMeter(): Meter {
  const found = METERS.find(({ name, probe }) => spawnSync(name, probe, { stdio: 'ignore' }).status === 0);
  if (found === undefined) {
    throw new Error(
      'the bench measures its children with python3 or GNU time (/usr/bin/time): neither is here; install one of them',
    );
  }
  return found.wrap;
}

/** Runs the command with standard output into /dev/null. Throws with its words when it fails. */
export function measure(command: readonly string[]): Cost {
  meter ??= findMeter();
  const file = join(tmpdir(), `netscribe-bench-${process.pid}.txt`);
  const nowhere = openSync('/dev/null', 'w');
  try {
    const [program, ...words] = meter(file, command);
    const done = spawnSync(program, words, {
      stdio: ['ignore', nowhere, 'pipe'],
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    if (done.status !== 0)
      throw new Error(`${command.join(' ')} ended with ${done.status ?? done.signal}:\n${done.stderr}`);
    const [user, system, wall, kibibytes] = readFileSync(file, 'utf8').trim().split(/\s+/).map(Number);
    return { cpuSeconds: user + system, wallSeconds: wall, peakMiB: kibibytes / 1024, words: done.stderr };
  } finally {
    closeSync(nowhere);
    rmSync(file, { force: true });
  }
}

/** The cheapest of several runs: what others do on the machine only ever adds. Peak memory is the highest. */
export function cheapest(runs: number, once: () => Cost): Cost {
  let best = once();
  let peakMiB = best.peakMiB;
  for (let i = 1; i < runs; i++) {
    const next = once();
    peakMiB = Math.max(peakMiB, next.peakMiB);
    if (next.cpuSeconds < best.cpuSeconds) best = next;
  }
  return { ...best, peakMiB };
}

/** Is this program installed? */
export function has(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}
