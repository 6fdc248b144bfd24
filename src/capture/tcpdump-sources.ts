// Where the rings are not to be had, tcpdump captures: one program for each interface. It needs no FFI, and may have the privilege (file
// capabilities, a setuid bit) that we lack.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { TcpdumpSource } from '../sources/pipe/tcpdump-source.ts';
import { withoutPrivilege } from '../sources/ring/ring-source.ts';
import { AF_PACKET, SOCK_CLOEXEC, SOCK_RAW } from '../system/abi.ts';
import { SystemError } from '../system/errors.ts';
import { loadLibc } from '../system/libc.ts';
import { filterOf, type LiveSourceOptions, type LiveSources } from './live-source.ts';

/** Why tcpdump has to stand in; undefined when it need not, or can not be run either. */
export async function whyTcpdump(): Promise<string | undefined> {
  const reason = await whyNoRings();
  if (reason === undefined) return undefined;
  try {
    await promisify(execFile)('tcpdump', ['--version']);
    return reason;
  } catch {
    return undefined;
  }
}

async function whyNoRings(): Promise<string | undefined> {
  try {
    const libc = await loadLibc();
    libc.close(libc.socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    return undefined;
  } catch (error) {
    return (error instanceof SystemError && error.code === 'EPERM' ? withoutPrivilege() : (error as Error)).message;
  }
}

/** `reason`: why it is not rings, for messages. */
export function tcpdumpSources(reason: string, { needed }: LiveSourceOptions): LiveSources {
  return {
    async sourceInit(iface, config) {
      const snapLength = config.snap_length ?? needed?.bytes;
      return new TcpdumpSource(
        {
          interfaces: [iface],
          filter: filterOf(config),
          promiscuous: config.promisc === true,
          ...(snapLength === undefined ? {} : { snapLength }),
        },
        reason,
        { isEndless: true },
      );
    },
    // A running tcpdump can not be told anything.
    sourceRenew: async () => false,
  };
}
