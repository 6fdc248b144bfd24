// A filter from what is asked for: when no flows are, only the packets of the wanted protocols' ports need to come from the kernel.

import { detectionFor, type RunPlan } from './plan.ts';

/** Later fragments have no ports; they belong to whatever the first one belongs to. */
const FRAGMENTS = ['(ip[6:2] & 0x1fff != 0)', 'ip6[6] = 44'];

/** As tcpdump takes it; '' when every packet is needed. */
export function portFilter(plan: RunPlan): string {
  if (plan.types.some(({ family }) => family === 'flow' || family === 'audit')) return '';
  const wanted = detectionFor(plan).enabled.filter(({ protocol }) => protocol.records.length > 0);
  if (wanted.length === 0) return '';
  const terms: string[] = [];
  const ports = new Set(plan.forced.map(({ port }) => port));
  for (const { protocol, ports: own } of wanted) {
    if (protocol.transports.includes('icmp')) terms.push('icmp', 'icmp6');
    for (const port of own) ports.add(port);
  }
  for (const port of [...ports].sort((a, b) => a - b)) terms.push(`port ${port}`);
  if (ports.size > 0) terms.push(...FRAGMENTS);
  return terms.join(' or ');
}
