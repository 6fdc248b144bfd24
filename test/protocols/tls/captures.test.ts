// Real captures against what an independent decoder sees in them: fingerprints, names, hashes of certificates.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { runFiles } from '../../kit/engine.ts';
import { capture, hasShared, SHARED } from '../../kit/shared.ts';

type Row = Record<string, unknown>;
const list = (value: unknown): unknown[] =>
  value === null || value === undefined ? [] : Array.isArray(value) ? value : [value];

function oracleRows(file: string): Row[] {
  const oracle = JSON.parse(gunzipSync(readFileSync(`${SHARED}oracle/${file}.json.gz`)).toString());
  const part = oracle.app?.tls;
  if (part === undefined) return [];
  const fields = ['frame', 'stream', ...part.fields];
  return part.rows.map((row: unknown[]) => Object.fromEntries(fields.map((field, i) => [field, row[i]])));
}

/** TLS over something that is not followed: RDP over UDP, behind bytes of nothing known. */
const ELSEWHERE = /rdpeudp|negated-unknown/;
/** Several orders of segments are possible, and the decoder took another one. */
const OTHER_ORDER = /psql-aws/;

const files = hasShared
  ? readdirSync(`${SHARED}oracle`)
      .map((name) => name.replace(/\.json\.gz$/, ''))
      .filter((name) =>
        /tls|ssl|quic|https|socks|imap|postgres|mysql|ldap|smtp|discord|facebook|tunnelbear|starttls/.test(name),
      )
      .filter((name) => existsSync(capture(name)) && !ELSEWHERE.test(name))
  : [];

describe.skipIf(!hasShared)('captures', () => {
  it('have the fingerprints, names and certificates that others see', async () => {
    let hellos = 0;
    for (const file of files) {
      const rows = oracleRows(file);
      if (rows.length === 0) continue;
      const expected = new Set<string>();
      const hashes = new Set<string>();
      for (const row of rows) {
        for (const pair of list(row.certificate)) hashes.add(String(pair).split('/')[0].toUpperCase());
        if (typeof row.ja3 !== 'string' || !list(row.type).includes('1')) continue;
        const name = typeof row.extensions_server_name === 'string' ? row.extensions_server_name : '';
        expected.add(`${row.ja3} ${row.ja4} ${name}`);
      }
      // A second ClientHello, after a HelloRetryRequest, belongs to the same handshake: sets are compared, not lists.
      const { text } = await runFiles([capture(file)]);
      const found = new Set<string>();
      for (const line of text.split('\n')) {
        if (!line.includes('"dataset":"tls"')) continue;
        const { tls } = JSON.parse(line);
        if (tls.client?.ja3 !== undefined)
          found.add(`${tls.client.ja3} ${tls.client.ja4} ${tls.client.server_name ?? ''}`);
        for (const hash of [tls.client?.hash?.sha1, tls.server?.hash?.sha1]) {
          if (hash !== undefined && !OTHER_ORDER.test(file)) expect(hashes, file).toContain(hash);
        }
      }
      for (const key of expected) expect(found, file).toContain(key);
      hellos += expected.size;
    }
    expect(hellos).toBeGreaterThan(60);
  });
});
