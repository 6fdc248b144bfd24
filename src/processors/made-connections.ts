// TCP connections of this network namespace at the moment that a process makes them, from BPF programs (see bpf/tcp.bpf.c): those that are over
// before anybody lists sockets too. Needs CAP_BPF and CAP_PERFMON at the start only; who lacks them goes by lists alone.

import { readlinkSync } from 'node:fs';
import { BpfSource } from '../tcp-state/bpf/source.ts';
import { netnsOf } from '../tcp-state/process.ts';
import { SYN_SENT } from '../tcp-state/states.ts';
import { keyOfSocket } from './socket-list.ts';

/** Some thousand events: more than there are between two looks. */
const RING_BYTES = 1024 * 1024;

/** Its inode is the same on all machines (include/linux/proc_ns.h: PROC_PID_INIT_INO). */
const FIRST_PID_NAMESPACE = `pid:[${0xeffffffc}]`;

export interface MadeConnection {
  /** As in socket-list.ts. */
  key: string;
  pid: number;
  /** The kernel's name of it: its first 15 bytes. */
  command: string;
  inode: number | undefined;
}

export interface MadeConnections {
  /** Those since the last call. */
  take(): MadeConnection[];
  close(): void;
}

/** Rejects with an Error that says what is missing. */
export async function openMadeConnections(): Promise<MadeConnections> {
  if (readlinkSync('/proc/self/ns/pid') !== FIRST_PID_NAMESPACE)
    throw new Error('the kernel tells numbers of processes that are others in this container');
  const source = new BpfSource({ ringBytes: RING_BYTES });
  const own = netnsOf('self');
  if (own === undefined) throw new Error('/proc does not say which network namespace this is');
  await source.start({ kinds: new Set(['state']), states: [SYN_SENT], namespaces: [own] });
  return {
    take() {
      const made: MadeConnection[] = [];
      source.drain(Number.POSITIVE_INFINITY, (event) => {
        const { kind, oldState, role, pid, command, local, localPort, remote, remotePort, inode } = event;
        // Made, or failed, which has been on the wire too. Before, the port is not known yet.
        if (
          kind !== 'state' ||
          oldState !== SYN_SENT ||
          role !== 'client' ||
          pid === undefined ||
          command === undefined
        )
          return;
        made.push({ key: keyOfSocket('tcp', local, localPort, remote, remotePort), pid, command, inode });
      });
      return made;
    },
    close: () => source.close(),
  };
}
