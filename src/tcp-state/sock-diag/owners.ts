// Who has a socket open: /proc/PID/fd names the inodes of sockets (proc(5)). Of other users' processes only root may see it.

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { commandText, type Process } from '../process.ts';

export class Owners {
  #byInode = new Map<number, Process>();

  of(inode: number): Process | undefined {
    return this.#byInode.get(inode);
  }

  /** Looks through all processes. */
  refresh(): void {
    const found = new Map<number, Process>();
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      let process: Process | undefined;
      for (const inode of socketsOf(pid)) {
        if (found.has(inode)) continue;
        process ??= { pid: Number(pid), command: commandOf(pid) };
        found.set(inode, process);
      }
    }
    this.#byInode = found;
  }
}

function* socketsOf(pid: string): Generator<number> {
  let descriptors: string[];
  try {
    descriptors = readdirSync(`/proc/${pid}/fd`);
  } catch {
    // Gone, or not ours to see.
    return;
  }
  for (const fd of descriptors) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
      if (inode !== undefined) yield Number(inode);
    } catch {
      // Closed meanwhile.
    }
  }
}

function commandOf(pid: string): string | undefined {
  try {
    return commandText(readFileSync(`/proc/${pid}/comm`, 'latin1').replace(/\n$/, ''));
  } catch {
    return undefined;
  }
}
