// Reads one resource record out of a message of its own.

import { expect } from 'vitest';
import { Message } from '../../../src/protocols/dns/message.ts';
import { resourceRecord } from '../../../src/protocols/dns/rdata.ts';
import { message } from './build.ts';

const parsed = new Message();
/** What becomes of one record of that type, without owner, class and ttl. */
export function decode(type: number, rdata: Uint8Array): object {
  const all = message({ flags: 0x8180, answers: [{ name: 'x.example', type, rdata }] });
  parsed.parse(all, 0, all.length, all.length);
  expect(parsed.fault).toBe('none');
  const { name: owner, class: class_, ttl, ...rest } = resourceRecord(parsed, 0, '', false);
  expect([owner, class_, ttl]).toEqual(['x.example', 'IN', '300']);
  return rest;
}
