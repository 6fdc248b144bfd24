// ICMP has no ports, but its types come in pairs: a request and the reply to it belong to one flow. As Community ID does, the type
// stands as the sender's port and the counterpart's type as the other; types without a counterpart use type and code.

import { icmpCounterpart } from './community-id.ts';

const REQUESTS_V4 = new Set([8, 13, 15, 17, 10]);
const REPLIES_V4 = new Set([0, 14, 16, 18, 9]);
const REQUESTS_V6 = new Set([128, 133, 135, 130, 139, 144]);
const REPLIES_V6 = new Set([129, 134, 136, 131, 140, 145]);

/** Source "port" << 16 | destination "port" of a message. */
export function icmpPorts(version: number, type: number, code: number): number {
  const counterpart = icmpCounterpart(version === 6 ? 58 : 1, type);
  return (type << 16) | (counterpart >= 0 ? counterpart : code);
}

/** 1: its sender asks; -1: its sender answers somebody (a reply, or an error about somebody's packet); 0: neither. */
export function icmpRole(version: number, type: number): number {
  if (version === 6) {
    if (REQUESTS_V6.has(type)) return 1;
    return REPLIES_V6.has(type) || type < 128 ? -1 : 0;
  }
  if (REQUESTS_V4.has(type)) return 1;
  return REPLIES_V4.has(type) || type === 3 || type === 4 || type === 5 || type === 11 || type === 12 ? -1 : 0;
}
