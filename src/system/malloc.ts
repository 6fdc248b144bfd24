// Lets large blocks of memory go back to the system when they are freed (mallopt(3)). glibc learns from each block that is freed to keep
// blocks of its size, up to 32 MiB, in arenas of a thread. There a few small blocks that live on keep whole arenas: a daemon that makes
// columns of an interval's flows and frees them had twice as much in arenas as without.
// Optional, as koffi is: without it, or with another C library, memory is only larger.

const M_MMAP_THRESHOLD = -3;
/** Bytes; larger blocks have pages of their own. A set threshold is never changed by what is freed. */
const THRESHOLD = 64 * 1024;

/** For all threads, from now on. True when the C library has agreed. */
export async function returnLargeBlocks(): Promise<boolean> {
  try {
    const koffi = await import('koffi');
    const mallopt = koffi.load('libc.so.6').func('int mallopt(int parameter, int value)');
    return mallopt(M_MMAP_THRESHOLD, THRESHOLD) === 1;
  } catch {
    // No FFI, or not glibc.
    return false;
  }
}
