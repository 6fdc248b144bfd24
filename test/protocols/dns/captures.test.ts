// Shared captures: responses as tshark sees them, and nothing taken for DNS that is not.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { capture, hasShared, SHARED } from '../../kit/shared.ts';
import { type Datagram, play, readDatagrams } from './captures.ts';

/** Where the two differ for a reason. */
const KNOWN = new Set([
  // tshark shows the header's four bits of the response code, we show EDNS's eight more: BADVERS.
  'arkime__arkime_synthetic.pcap',
  // tshark lists two questions, one of them broken.
  'ndpi__malformed_dns.pcap',
  // A response in IPv6 fragments, which this test does not put together.
  'zeek__ipv6-fragmented-dns.pcap',
]);
const RCODES = [
  'NOERROR',
  'FORMERR',
  'SERVFAIL',
  'NXDOMAIN',
  'NOTIMP',
  'REFUSED',
  'YXDOMAIN',
  'YXRRSET',
  'NXRRSET',
  'NOTAUTH',
  'NOTZONE',
];
/** UDP ports other than its own on which the captures really hold DNS. */
const DNS_ELSEWHERE = new Set(['tcpdump__dns_udp_8053.pcap']);

function oracleResponses(file: string): string[] | undefined {
  const path = `${SHARED}oracle/${file}.json.gz`;
  if (!existsSync(path)) return undefined;
  const { app } = JSON.parse(gunzipSync(readFileSync(path)).toString());
  if (app.dns === undefined) return [];
  const fields: string[] = ['frame', 'stream', ...app.dns.fields];
  const rows: Record<string, unknown>[] = app.dns.rows.map((row: unknown[]) =>
    Object.fromEntries(fields.map((field, i) => [field, row[i]])),
  );
  return rows
    .filter((r) => String(r.stream).startsWith('u') && r['flags.response'] === '1' && r['flags.opcode'] === '0')
    .filter((r) => typeof r.id === 'string' && typeof r['qry.name'] === 'string')
    .map((r) => `${Number(r.id)} ${String(r['qry.name']).toLowerCase().replace('<root>', '.')} ${r['flags.rcode']}`)
    .sort();
}

function ourResponses(datagrams: readonly Datagram[]): string[] {
  return play(datagrams)
    .emitted.map(({ record }) => record)
    .filter((r) => r.responseCode !== undefined && r.messageType === 'answer' && r.opCode === 'QUERY' && r.questionName)
    .map((r) => `${r.id} ${String(r.questionName).toLowerCase()} ${RCODES.indexOf(String(r.responseCode))}`)
    .sort();
}

describe.skipIf(!hasShared)('shared captures', () => {
  const files = hasShared ? readdirSync(`${SHARED}pcaps`).filter((file) => file.endsWith('.pcap')) : [];
  it('hold the responses that tshark sees, and DNS where there is DNS', () => {
    let responses = 0;
    const elsewhere: string[] = [];
    for (const file of files) {
      const datagrams = readDatagrams(capture(file));
      if (datagrams.length === 0) continue;
      if (play(datagrams).recognised.length > 0) elsewhere.push(file);
      const expected = oracleResponses(file);
      if (expected === undefined || KNOWN.has(file)) continue;
      expect([file, ...ourResponses(datagrams)]).toEqual([file, ...expected]);
      responses += expected.length;
    }
    expect(responses).toBeGreaterThan(300);
    expect(new Set(elsewhere)).toEqual(DNS_ELSEWHERE);
  });
});
