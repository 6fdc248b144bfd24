// The Node that runs us.

import { VERSION } from '../version.ts';
import type { Check } from './check.ts';

export const runtimeCheck: Check = {
  name: 'runtime',
  does: 'capture files into flows and transactions, the store, queries',
  async run() {
    return {
      ok: true,
      found: `netscribe ${VERSION}, Node ${process.versions.node}, ${process.platform} ${process.arch}`,
    };
  },
};
