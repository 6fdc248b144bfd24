// Finds tracefs however it is mounted, and mounts it where that is allowed (Documentation/trace/ftrace.rst, "The File System").

import { spawnSync } from 'node:child_process';
import { accessSync, constants, opendirSync, readFileSync, statSync } from 'node:fs';

const USUAL_PLACE = '/sys/kernel/tracing';

export interface TracefsPlace {
  /** Folder with `events` and `instances`; undefined: there is none that we may use. */
  folder: string | undefined;
  /** Why not. */
  detail: string;
}

/** Looks for a tracefs; with `mayMount` makes one where none is. */
export function findTracefs(mayMount: boolean, mounts = '/proc/self/mounts'): TracefsPlace {
  // Looking into it mounts it where debugfs does so by itself.
  isThere('/sys/kernel/debug/tracing/events');
  let denied = '';
  for (const folder of mounted(mounts)) {
    if (isUsable(folder)) return { folder, detail: '' };
    denied = folder;
  }
  if (denied !== '') {
    return { folder: undefined, detail: `${denied} is not open to this user: run as root, or with CAP_DAC_OVERRIDE` };
  }
  if (!isThere(USUAL_PLACE)) return { folder: undefined, detail: 'this kernel has no tracefs (CONFIG_TRACING)' };
  if (!mayMount) {
    const isRoot = process.getuid?.() === 0;
    return isRoot
      ? { folder: USUAL_PLACE, detail: `it will be mounted at ${USUAL_PLACE}` }
      : { folder: undefined, detail: `tracefs is not mounted: as root, mount -t tracefs nodev ${USUAL_PLACE}` };
  }
  const { status, stderr } = spawnSync('mount', ['-t', 'tracefs', 'nodev', USUAL_PLACE], { encoding: 'utf8' });
  if (status === 0 && isUsable(USUAL_PLACE)) return { folder: USUAL_PLACE, detail: '' };
  return {
    folder: undefined,
    detail: `tracefs is not mounted, and mounting it failed (${(stderr ?? '').trim() || 'mount can not be run'}): as root, mount -t tracefs nodev ${USUAL_PLACE}`,
  };
}

/** By the kind of file system: the name of the device may be anything. A debugfs has a tracefs inside. */
function mounted(mounts: string): string[] {
  let lines: string[];
  try {
    lines = readFileSync(mounts, 'utf8').split('\n');
  } catch {
    return [];
  }
  const found: string[] = [];
  for (const line of lines) {
    const [, place = '', type] = line.split(' ');
    const folder = place.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
    if (type === 'tracefs') found.unshift(folder);
    else if (type === 'debugfs' && isThere(`${folder}/tracing/events`)) found.push(`${folder}/tracing`);
  }
  return found;
}

/** Unlike `existsSync`, true also of what only a capability lets us see: access(2) knows none. */
export function isThere(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch {
    return false;
  }
}

function isUsable(folder: string): boolean {
  try {
    opendirSync(`${folder}/events`).closeSync();
    opendirSync(`${folder}/instances`).closeSync();
    if (!overridesPermissions()) accessSync(`${folder}/instances`, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** CAP_DAC_OVERRIDE (capability 1), of which access(2) takes no notice. */
function overridesPermissions(): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0';
  return (BigInt(`0x${effective}`) & 2n) !== 0n;
}
