// How processes of tests collect garbage. Flags of V8's; not for the program itself where a test starts it.

/** Threads that collect garbage get in the way of other suites: a fifth of the CPU time of some. */
export const ONE_COLLECTOR = '--single-threaded-gc';

/**
 * For processes that run tests without measuring their memory, and the one that runs commands (commands.ts). Every 64 MiB of buffers made V8
 * look through all of the heap. An engine has 6 MiB of them, and tests make thousands of engines. It costs memory: up to 1 GB in place of 350 MB.
 */
export const GARBAGE = [ONE_COLLECTOR, '--external-memory-accounted-in-global-limit'];
