// The groups that multicast listener discovery is about: version 1 (RFC 2710 section 3) names one, reports of version 2 (RFC 3810 section 5.2)
// name many, each with sources and data that are passed over.

import { u16, v6Text } from '../octets.ts';

const QUERY = 130;
const DONE = 132;
const REPORT_2 = 143;

const GROUP = 8;
const ADDRESS_OCTETS = 16;
const RECORD_COUNT = 6;
const RECORDS = 8;
const RECORD_GROUP = 4;
const RECORD_OCTETS = 20;
/** No group: all of them are meant. */
const ALL = '::';
/** Groups that are told of one report. */
const MAX_GROUPS = 64;

/** Of the message [from, to); undefined when it names none: it is another message, a query about all groups, or cut before the first. */
export function groupsOf(bytes: Uint8Array, from: number, to: number): string[] | undefined {
  const type = bytes[from];
  if (type >= QUERY && type <= DONE) {
    const group = groupAt(bytes, from + GROUP, to);
    return group === undefined || group === ALL ? undefined : [group];
  }
  if (type !== REPORT_2) return undefined;
  const groups: string[] = [];
  let at = from + RECORDS;
  for (let left = Math.min(u16(bytes, from + RECORD_COUNT), MAX_GROUPS); left > 0; left--) {
    const group = groupAt(bytes, at + RECORD_GROUP, to);
    if (group === undefined) break;
    if (group !== ALL && !groups.includes(group)) groups.push(group);
    at += RECORD_OCTETS + ADDRESS_OCTETS * u16(bytes, at + 2) + 4 * bytes[at + 1];
  }
  return groups.length === 0 ? undefined : groups;
}

function groupAt(bytes: Uint8Array, at: number, to: number): string | undefined {
  if (at + ADDRESS_OCTETS > to) return undefined;
  return v6Text(bytes, at);
}
