// V8's collector, asked for. Node has no call for it but what V8 gives to contexts that are made while its flag is set
// (https://nodejs.org/docs/latest-v24.x/api/v8.html#v8setflagsfromstringflags).

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/** Collects all garbage of this thread before it returns: tens of milliseconds, for a moment in which nobody waits for the thread. */
export function collectGarbage(): void {
  collect ??= collector();
  collect();
}

/** The flag is that of all threads, so it stays set: another one may be making its context at this moment. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
