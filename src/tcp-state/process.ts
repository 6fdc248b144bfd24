// What /proc says of a process that owns a socket (proc(5)): its name, user, cgroup and network namespace. A socket has those of the process
// that made it, so they stand for the socket's own where the source knows only who owns it.

import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { wireText } from '../records/text.ts';
import { mountPoint } from './containers.ts';

export interface Process {
  pid: number;
  command: string | undefined;
  /** Effective user. */
  uid?: number | undefined;
  /** Inode numbers. */
  cgroup?: number | undefined;
  netns?: number | undefined;
  /** One of the kernel's own workers. */
  isKernel?: boolean;
}

/** PF_KTHREAD of include/linux/sched.h. */
const KERNEL_THREAD = 0x00200000;

let cgroupRoot: string | undefined | null = null;

/** The process of a thread; undefined when it is gone. */
export function processOf(tid: number): Process | undefined {
  let status: string;
  let stat: string;
  try {
    status = readFileSync(`/proc/${tid}/status`, 'latin1');
    stat = readFileSync(`/proc/${tid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  const uid = /^Uid:\t\d+\t(\d+)/m.exec(status)?.[1];
  return {
    pid: Number(/^Tgid:\t(\d+)$/m.exec(status)?.[1] ?? tid),
    command: commandText(stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'))),
    isKernel: (Number(stat.slice(stat.lastIndexOf(')')).split(' ')[7]) & KERNEL_THREAD) !== 0,
    uid: uid === undefined ? undefined : Number(uid),
    cgroup: cgroupOf(tid),
    netns: netnsOf(String(tid)),
  };
}

/** A command's name, read as latin1, as other sources tell it: processes may call themselves anything. */
export function commandText(name: string): string {
  return wireText(Buffer.from(name, 'latin1'), 0, name.length);
}

/** Inode number of a process's network namespace; undefined when it is gone, or not ours to see. */
export function netnsOf(pid: string): number | undefined {
  try {
    const number = /^net:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/ns/net`))?.[1];
    return number === undefined ? undefined : Number(number);
  } catch {
    return undefined;
  }
}

function cgroupOf(tid: number): number | undefined {
  if (cgroupRoot === null) cgroupRoot = mountPoint();
  if (cgroupRoot === undefined) return undefined;
  try {
    // The line of cgroup2 has the number 0 and no controllers.
    const path = /^0::(.*)$/m.exec(readFileSync(`/proc/${tid}/cgroup`, 'utf8'))?.[1];
    return path === undefined ? undefined : statSync(join(cgroupRoot, path)).ino;
  } catch {
    return undefined;
  }
}
