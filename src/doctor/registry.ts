// All checks, in the order in which they are shown. A part of the program that needs something of the machine adds its line here.

import type { Check } from './check.ts';
import { countsCheck, fallbackCheck, ffiCheck, filtersCheck, liveCheck, threadsCheck } from './live.ts';
import { processesCheck } from './processes.ts';
import { runtimeCheck } from './runtime.ts';
import { tcpStateChecks } from './tcp-state.ts';

export const CHECKS: readonly Check[] = [
  runtimeCheck,
  ffiCheck,
  filtersCheck,
  liveCheck,
  threadsCheck,
  countsCheck,
  fallbackCheck,
  processesCheck,
  ...tcpStateChecks,
];
