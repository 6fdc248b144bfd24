// Shared captures: the documents that Packetbeat makes of UDP are among ours, field by field.

import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { dnsRecord } from '../../../src/protocols/dns/record.ts';
import type { Fields } from '../../../src/records/field.ts';
import { propertiesOf } from '../../../src/records/record.ts';
import { capture, hasShared, SHARED } from '../../kit/shared.ts';
import { play, readDatagrams } from './captures.ts';

type Flat = Record<string, unknown>;

/** Where ours differ on purpose. */
const BETTER = new Set([
  // RDATA of TSIG, TKEY, SPF, WKS, SSHFP and unknown types is decoded or in RFC 3597 form; records without RDATA are listed.
  'mercury__unit_tests__pcaps__emix.pcap',
  'zeek__dns-spf.pcap',
  'zeek__dns__dns-binds.pcap',
  'zeek__dns__dns-wks.pcap',
  'zeek__dns__sshfp-trunc.pcap',
  // The next name of NSEC has no final dot, as all other names.
  'zeek__dns__dns_notify2.pcap',
  // The response stands before its query: it is its answer.
  'arkime__dns-flags0110.pcap',
  // Broken responses are published.
  'ndpi__malformed_dns.pcap',
  // A response without question gets the question of its query.
  'real__dns.pcap',
]);
const OTHERS = [
  'status',
  'method',
  'query',
  'resource',
  'error.message',
  'source.bytes',
  'destination.bytes',
  'network.bytes',
];

function flatten(value: object, prefix = '', into: Flat = {}): Flat {
  for (const [key, inner] of Object.entries(value)) {
    if (inner !== null && typeof inner === 'object' && !Array.isArray(inner)) flatten(inner, `${prefix}${key}.`, into);
    else into[prefix + key] = inner;
  }
  return into;
}

/** A record under the names of its paths. */
function byPath(record: Flat, fields: Fields): Flat {
  const flat: Flat = {};
  for (const [name, field] of Object.entries(fields)) {
    const [property] = propertiesOf(name, field);
    let value = record[property];
    if (value === undefined) continue;
    if (field.kind === 'list') value = (value as Flat[]).map((entry) => byPath(entry, field.sub as Fields));
    if (field.isSingle === true && Array.isArray(value) && value.length === 1) [value] = value;
    for (const path of field.paths) flat[path] = value;
  }
  return flat;
}

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => [k, sorted(v)]),
  );
};
/** Packetbeat says NOERROR of queries that nobody answered, for their bits are 0 there. Ours have no response code. */
function withoutUnsaidCodes(document: Flat): Flat {
  if (document['dns.type'] !== 'query') return document;
  const { 'dns.response_code': _code, 'dns.opt.ext_rcode': _upper, ...rest } = document;
  return rest;
}
const comparable = (flat: Flat): string =>
  JSON.stringify(
    sorted(Object.fromEntries(Object.entries(flat).filter(([k]) => k.startsWith('dns.') || OTHERS.includes(k)))),
  );

describe.skipIf(!hasShared)('documents of Packetbeat', () => {
  const folder = `${SHARED}golden/packetbeat/`;
  const files = hasShared ? readdirSync(folder).filter((file) => file.endsWith('.pcap.ndjson.gz')) : [];
  it('are among ours', () => {
    let compared = 0;
    for (const file of files) {
      const name = file.replace('.ndjson.gz', '');
      if (BETTER.has(name)) continue;
      const lines = gunzipSync(readFileSync(folder + file))
        .toString()
        .split('\n')
        .filter((line) => line.includes('"dns"'));
      const theirs = lines
        .map((line) => flatten(JSON.parse(line)))
        .filter((d) => d['event.dataset'] === 'dns' && d['network.transport'] === 'udp');
      if (theirs.length === 0) continue;
      const { emitted } = play(readDatagrams(capture(name)), { include_authorities: true, include_additionals: true });
      const ours = new Set(emitted.map(({ record }) => comparable(byPath(record, dnsRecord.fields))));
      for (const document of theirs) expect(ours).toContain(comparable(withoutUnsaidCodes(document)));
      compared += theirs.length;
    }
    expect(compared).toBeGreaterThan(450);
  });
});
