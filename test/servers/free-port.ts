// Ports for servers that must be told theirs: below those that the kernel gives to whoever asks for any, and others in each process.

import { readFileSync } from 'node:fs';

const FIRST = 2000;
const PER_PROCESS = 8;
const PROCESSES = 1000;
let taken = 0;

/** A port that nobody has bound on this machine, for `tcp` or `udp`. It stays ours while a server is away for a moment. */
export function freePort(transport: 'tcp' | 'udp'): number {
  const bound = new Set(
    [`/proc/net/${transport}`, `/proc/net/${transport}6`].flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/^ *\d+: [0-9A-F]+:([0-9A-F]{4})/gm)].map(([, port]) =>
        Number.parseInt(port, 16),
      ),
    ),
  );
  for (let i = 0; i < PER_PROCESS * PROCESSES; i++) {
    const port = FIRST + (((process.pid % PROCESSES) * PER_PROCESS + taken++) % (PER_PROCESS * PROCESSES));
    if (!bound.has(port)) return port;
  }
  throw new Error(`no ${transport} port is free from ${FIRST} on`);
}
