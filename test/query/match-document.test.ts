// Conditions asked of single documents.

import { expect, test } from 'vitest';
import { allRecordTypes } from '../../src/engine/plan.ts';
import { createVocabulary, documentMatcher, parseCondition } from '../../src/query/query.ts';

const types = allRecordTypes();
const vocabulary = createVocabulary(types);
const dns = types.find(({ name }) => name === 'dns')!;
const document = {
  type: 'dns',
  status: 'Error',
  event: { duration: 25_000_000 },
  source: { ip: '10.1.2.3', port: 40_000, bytes: 60 },
  destination: { ip: '2001:db8::53', port: 53, bytes: 100 },
  network: { transport: 'udp', type: 'ipv6', bytes: 160, direction: 'ingress' },
  dns: {
    question: { name: 'www.example.com' },
    response_code: 'NXDOMAIN',
    answers: [{ data: '192.0.2.1' }, { data: '192.0.2.7' }],
  },
};
const asks = (text: string) => documentMatcher(parseCondition(text, vocabulary), vocabulary)(dns, document);

test.each([
  'dns',
  'dport = 53',
  'dns and not dns.response_code: NOERROR',
  'sip = 10.1.2.3',
  'sip = 10.0.0.0/8',
  'snet = 10.1.2.0/24',
  'host = 2001:db8::53',
  'dip = 2001:db8::/32',
  'proto = udp',
  'proto = UDP',
  'proto in {6, 17}',
  'dir = in',
  'direction = Inbound',
  'dir = bi',
  'dir != out',
  'network.direction = ingress',
  'udp.port = 53',
  'duration > 20ms and duration < 1s',
  'dns.question.name: *.example.com',
  'dns.question.name ~ "^www\\."',
  'dns.question.name contains example',
  'dns.answers.data = 192.0.2.7',
  'sport in {39000-41000, 53}',
  'status != OK',
  'dport = 53 | dport = 80',
])('matches: %s', (text) => {
  expect(asks(text)).toBe(true);
});

test.each([
  'http',
  'dport = 80',
  'proto = 253',
  'dir = out',
  'dir = uni',
  'dir != in',
  'dport != 53',
  'sip = 10.2.0.0/16',
  'tcp.port = 53',
  'duration > 1s',
  'dns.question.name: example.com',
  'dns.answers.data = 192.0.2.8',
  'http.request.method: GET',
  'not dport = 53',
  'dns.question.name contains EXAMPLE',
])('does not match: %s', (text) => {
  expect(asks(text)).toBe(false);
});
