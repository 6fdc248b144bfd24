// Messages in words: the question, and the whole message for `send_request` and `send_response`.

import { className, opcodeName, rcodeName, TYPE_OPT, typeName } from './codes.ts';
import { CLASS_TOP_BIT, FLAG_AA, FLAG_AD, FLAG_CD, FLAG_RA, FLAG_RD, FLAG_TC, type Message } from './message.ts';
import { nameText } from './names.ts';
import { resourceRecord } from './rdata.ts';

const FLAG_NAMES: readonly (readonly [number, string])[] = [
  [FLAG_AA, 'AA'],
  [FLAG_TC, 'TC'],
  [FLAG_RD, 'RD'],
  [FLAG_RA, 'RA'],
  [FLAG_AD, 'AD'],
  [FLAG_CD, 'CD'],
];

const LLMNR_FLAGS: readonly (readonly [number, string])[] = [
  [FLAG_AA, 'C'],
  [FLAG_TC, 'TC'],
  [FLAG_RD, 'T'],
];

/** Not a bit of the header: DO stands in the OPT record. */
export const DNSSEC_OK = 1 << 16;

const cache = new Map<number, readonly string[]>();

/** Names of the flags that are set; the same array for the same flags. */
export function flagNames(flags: number, isDnssecOk: boolean): readonly string[] {
  const bits = (flags & (FLAG_AA | FLAG_TC | FLAG_RD | FLAG_RA | FLAG_AD | FLAG_CD)) | (isDnssecOk ? DNSSEC_OK : 0);
  let names = cache.get(bits);
  if (names === undefined) {
    const set = FLAG_NAMES.filter(([bit]) => (bits & bit) !== 0).map(([, name]) => name);
    names = isDnssecOk ? [...set, 'DO'] : set;
    cache.set(bits, names);
  }
  return names;
}

/** LLMNR has other flags in the places of AA and RD (RFC 4795 section 2.1.1): C, a conflict, and T, tentative. */
export function llmnrFlagNames(flags: number): readonly string[] {
  return LLMNR_FLAGS.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
}

export function questionWords(name: string, type: string, class_: string): string {
  return `class ${class_}, type ${type}, ${name}`;
}

/** The class of a question, without multicast DNS's flag. */
export function questionClass(message: Message, entry: number, isMulticastDns: boolean): string {
  const code = message.class(entry);
  return className(isMulticastDns ? code & ~CLASS_TOP_BIT : code);
}

export function messageWords(message: Message, isMulticastDns: boolean): string {
  const parts = [
    `ID ${message.id}`,
    `QR ${message.isResponse ? 'response' : 'query'}`,
    `OPCODE ${opcodeName(message.opcode)}`,
    `FLAGS ${flagNames(message.flags, false).join(' ').toLowerCase()}`,
    `RCODE ${rcodeName(message.rcode)}`,
  ];
  const questions: string[] = [];
  for (let i = 0; i < message.questions; i++) {
    const name = nameText(message.bytes, message.at, message.nameAt[i]);
    questions.push(questionWords(name, typeName(message.type(i)), questionClass(message, i, isMulticastDns)));
  }
  if (questions.length > 0) parts.push(`QUESTION ${questions.join('; ')}`);
  const section = (title: string, first: number, count: number): void => {
    const records: string[] = [];
    for (let i = first; i < first + count; i++) {
      if (message.type(i) !== TYPE_OPT) records.push(recordWords(message, i, isMulticastDns));
    }
    if (records.length > 0) parts.push(`${title} ${records.join('; ')}`);
  };
  section('ANSWER', message.firstAnswer, message.answers);
  section('AUTHORITY', message.firstAuthority, message.authorities);
  section('ADDITIONAL', message.firstAdditional, message.additionals);
  return parts.join('; ');
}

function recordWords(message: Message, entry: number, isMulticastDns: boolean): string {
  const { name, type, class: class_, ttl, data, ...rest } = resourceRecord(message, entry, '', isMulticastDns);
  let details = '';
  for (const [field, value] of Object.entries(rest)) {
    if (typeof value === 'string' || typeof value === 'number') details += `, ${field} ${value}`;
  }
  return `${name}: ttl ${ttl}, class ${class_}, type ${type}${details}, ${data}`;
}
