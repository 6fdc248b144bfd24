// How processes of tests collect garbage: more memory, less of the processor's time. Flags of V8's, for processes that run tests and for the
// one that runs commands (commands.ts); not for the program itself where a test starts it.

export const GARBAGE = [
  // Threads that collect garbage get in the way of other suites: a fifth of the CPU time of some.
  '--single-threaded-gc',
  // Every 64 MiB of buffers made V8 look through all of the heap. An engine has 6 MiB of them, and tests make thousands of engines.
  '--external-memory-accounted-in-global-limit',
];
