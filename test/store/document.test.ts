import { describe, expect, it } from 'vitest';
import { transaction } from '../../src/records/common.ts';
import { f } from '../../src/records/field.ts';
import { defineRecord } from '../../src/records/record.ts';
import { documentMaker, rowToDocument } from '../../src/store/document.ts';
import { VERSION } from '../../src/version.ts';

const dns = defineRecord(
  'dns',
  { family: 'transaction', doc: 'a question' },
  {
    ...transaction('dns'),
    question: f.text('dns.question.name', 'name'),
    answers: f.list('dns.answers', 'answers', { name: f.text('name', ''), ttl: f.int('ttl', '') }),
    headers: f.map('dns.headers', 'headers').optional(),
  },
);

const ROW = {
  timestamp: '2023-11-14T22:13:20.123456789Z',
  event_end: null,
  event_duration: 1500,
  status: 'OK',
  source_ip_hi: 0,
  source_ip_lo: 0xffff_0a00_0001,
  source_ip: '10.0.0.1',
  source_port: 40000,
  destination_ip_hi: 0x20010db800000000n,
  destination_ip_lo: 1,
  network_type: 'ipv4',
  network_transport: 'udp',
  network_direction: 'unknown',
  network_vlan_id: '["7"]',
  flow_id: 'x',
  source_bytes: 30,
  destination_bytes: null,
  error_message: '["a","b"]',
  dns_question_name: 'a.example',
  dns_answers: '[{"name":"a","ttl":18446744073709551615}]',
  dns_headers: '{"__proto__":"x","k":["1","2"]}',
};

describe('a row as a document', () => {
  it('has all names of a field, the constants and what is derived', () => {
    const communityId = () => '1:abc=';
    const document = rowToDocument(dns, ROW, { communityId });
    expect(document).toMatchObject({
      '@timestamp': ROW.timestamp,
      agent: { type: 'netscribe', version: VERSION },
      client: { ip: '10.0.0.1', port: 40000, bytes: 30 },
      destination: { ip: '2001:db8::1' },
      dns: { question: { name: 'a.example' }, answers: [{ name: 'a', ttl: 18446744073709551615n }] },
      error: { message: ['a', 'b'] },
      event: {
        start: ROW.timestamp,
        duration: 1500,
        kind: 'event',
        category: ['network'],
        type: ['connection', 'protocol'],
        dataset: 'dns',
      },
      flow: { id: 'x' },
      network: { bytes: 30, community_id: '1:abc=', direction: 'unknown', transport: 'udp', vlan: { id: '7' } },
      related: { ip: ['10.0.0.1', '2001:db8::1'] },
      server: { ip: '2001:db8::1' },
      source: { ip: '10.0.0.1', port: 40000, bytes: 30 },
      status: 'OK',
      type: 'dns',
    });
    expect(document.destination).toEqual({ ip: '2001:db8::1' });
    expect(document.event).not.toHaveProperty('end');
    expect(({} as Record<string, unknown>).k).toBeUndefined();
    const headers = (document.dns as { headers: object }).headers;
    expect(Object.keys(headers)).toEqual(['__proto__', 'k']);
  });

  it('is the same from an array and from a Map', () => {
    const columns = Object.keys(ROW).map((name) => ({ name }));
    const expected = rowToDocument(dns, ROW);
    expect(documentMaker(dns, columns)(Object.values(ROW))).toEqual(expected);
    expect(rowToDocument(dns, new Map(Object.entries(ROW)))).toEqual(expected);
    expect(expected.network).not.toHaveProperty('community_id');
  });
});
