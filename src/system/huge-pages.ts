// Asks the kernel for huge pages behind big tables that are read at random (madvise(2), MADV_HUGEPAGE). With pages of 4 KiB nearly
// every access to such a table misses the TLB as well: 99 ns instead of 25 where a table of 16 MiB was walked in a virtual machine.
// Optional, as koffi is: without it, or where the kernel has no huge pages, all works, only slower.

import { createRequire } from 'node:module';

const MADV_HUGEPAGE = 14;
const PAGE = 4096n;

type Advise = (address: bigint, length: number, advice: number) => number;

/** False: there is none. */
let advise: { call: Advise; addressOf: (view: ArrayBufferView) => bigint } | false | undefined;

function load(): typeof advise {
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    const call = koffi.load('libc.so.6').func('int madvise(uintptr_t addr, size_t length, int advice)');
    return { call: call as unknown as Advise, addressOf: (view) => koffi.address(view as Uint8Array) };
  } catch {
    return false;
  }
}

/** Best effort: the whole pages inside these views, from their next page fault on. The memory must live as long as the process. */
export function adviseHugePages(views: readonly ArrayBufferView[]): void {
  if (process.platform !== 'linux') return;
  advise ??= load();
  if (advise === false || advise === undefined) return;
  for (const view of views) {
    if (view.byteLength === 0) continue;
    const address = advise.addressOf(view);
    const from = (address + PAGE - 1n) & ~(PAGE - 1n);
    const to = (address + BigInt(view.byteLength)) & ~(PAGE - 1n);
    if (to > from) advise.call(from, Number(to - from), MADV_HUGEPAGE);
  }
}
