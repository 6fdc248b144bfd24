// Numbers of IP protocols in conditions mean what flows call them.

import { expect, it } from 'vitest';
import { flowRecord } from '../../src/flow/record.ts';
import { createVocabulary } from '../../src/query/vocabulary.ts';
import { transportName } from '../../src/records/transports.ts';
import { tcpStateRecord } from '../../src/tcp-state/record.ts';

it.each(['proto', 'protocol', 'ip.proto', 'network.transport'])(
  'every number of %s is the word that records have',
  (name) => {
    for (const type of [flowRecord, tcpStateRecord]) {
      const words = createVocabulary([type]).resolve(name)?.words;
      for (let number = 0; number < 256; number++) {
        expect(words?.get(String(number))).toBe(transportName(number));
        expect(words?.get(`0x${number.toString(16)}`)).toBe(transportName(number));
      }
      expect(words?.get('icmp6')).toBe('ipv6-icmp');
      // No protocol, so none of its words.
      expect(words?.get('262')).toBe('262');
    }
  },
);
