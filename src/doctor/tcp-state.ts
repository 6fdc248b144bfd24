// What each source of TCP events needs and has.

import { probeSources, SOURCE_NAMES } from '../tcp-state/choose.ts';
import type { Check } from './check.ts';

const DOES: Readonly<Record<string, string>> = {
  bpf: 'TCP events with exact owners and counters, of all network namespaces (netscribe tcp)',
  tracefs: 'TCP events where BPF is not to be had',
  'sock-diag': 'TCP events where neither is: ends of connections, and what lasts a second',
};

/** One check for each source: `tcp-bpf`, … */
export const tcpStateChecks: readonly Check[] = SOURCE_NAMES.map((source) => ({
  name: `tcp-${source}`,
  does: DOES[source] ?? 'TCP events',
  async run() {
    const [{ capability }] = await probeSources([source]);
    return capability.usable
      ? { ok: true, found: capability.detail }
      : { ok: false, found: 'not possible', missing: capability.detail };
  },
}));
