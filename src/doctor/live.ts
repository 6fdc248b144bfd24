// What live capture needs: FFI, libpcap for filters, CAP_NET_RAW for the ring, tcpdump to stand in.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { openLive } from '../sources/ring/open-live.ts';
import { selectInterfaces } from '../sources/ring/selection.ts';
import { TcxSource } from '../sources/tcx/tcx-source.ts';
import { loadLibc } from '../system/libc.ts';
import { loadFilterCompiler } from '../system/libpcap.ts';
import type { Check } from './check.ts';

const ETHERNET = 1;
/** Enough to try it: two blocks. */
const SMALL_RING = { ringBytes: 512 * 1024, blockBytes: 256 * 1024 };

export const ffiCheck: Check = {
  name: 'ffi',
  does: 'calls of the C library: filters, live capture, the kernel’s counters',
  async run() {
    await loadLibc();
    return { ok: true, found: 'koffi and the C library' };
  },
};

export const filtersCheck: Check = {
  name: 'filters',
  does: 'filters as tcpdump takes them',
  async run() {
    (await loadFilterCompiler()).compile('tcp port 80', ETHERNET, 65_535);
    return { ok: true, found: 'libpcap' };
  },
};

export const liveCheck: Check = {
  name: 'live',
  does: 'netscribe capture -i, through a memory-mapped ring',
  async run() {
    const source = await openLive({ interfaces: ['any'], promiscuous: false, ...SMALL_RING });
    await source.open();
    await source.close();
    return { ok: true, found: 'an AF_PACKET ring can be opened' };
  },
};

export const threadsCheck: Check = {
  name: 'threads',
  does: 'netscribe capture -i --workers: several threads that share the packets',
  async run() {
    const fanOutGroup = Math.floor(Math.random() * 0x10000);
    const source = await openLive({ interfaces: ['any'], promiscuous: false, fanOutGroup, ...SMALL_RING });
    await source.open();
    await source.close();
    return { ok: true, found: 'packets can be shared out by address pair' };
  },
};

export const countsCheck: Check = {
  name: 'tcx',
  does: 'netscribe capture -i --flow-source tcx: flows counted by the kernel',
  async run() {
    const source = new TcxSource({ selection: selectInterfaces(['lo']), tell: () => undefined });
    await source.open();
    await source.close();
    return { ok: true, found: 'a BPF program can be loaded and attached' };
  },
};

export const fallbackCheck: Check = {
  name: 'tcpdump',
  does: 'live capture by tcpdump, where the ring is not to be had',
  async run() {
    try {
      const { stdout, stderr } = await promisify(execFile)('tcpdump', ['--version']);
      return { ok: true, found: `${stdout}${stderr}`.split('\n')[0] };
    } catch {
      return {
        ok: false,
        found: 'not installed',
        missing: 'tcpdump; only needed where the ring is not to be had (Debian and Ubuntu: apt install tcpdump)',
      };
    }
  },
};
