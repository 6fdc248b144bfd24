// Real associations: what OpenSSL says to itself, whole, in small datagrams, with losses and repetitions.

import { expect, it } from 'vitest';
import { unless } from '../../kit/unless.ts';
import { associate, opensslMissing, type Treat } from '../../servers/dtls.ts';
import { udp } from './build.ts';

const missing = opensslMissing();

unless(missing).describe(`OpenSSL${missing && `: ${missing}`}`, () => {
  // Old versions are off in today's OpenSSL unless the security level is low.
  const LOW = ['-cipher', 'ALL:@SECLEVEL=0'];
  const lossy: Treat = (_direction, n) => (n === 1 ? 'lose' : n === 2 ? 'twice' : 'pass');
  const cases: [string, string, string[], string[], Treat?][] = [
    ['1.2', 'dd2d', ['-dtls1_2'], ['-dtls1_2']],
    ['1.2', 'dd2d', ['-dtls1_2', '-listen', '-mtu', '400'], ['-dtls1_2', '-mtu', '300']],
    ['1.0', 'dd1d', ['-dtls1', ...LOW], ['-dtls1', ...LOW]],
    ['1.2', 'dd2d', ['-dtls1_2', '-mtu', '400'], ['-dtls1_2'], lossy],
  ];
  it.each(cases)('DTLS %s, %s, %j', async (version, ja4, server, client, treat) => {
    const { datagrams, sha1 } = await associate(server, [...client, '-servername', 'dtls.example'], treat);
    const driven = udp();
    for (const [direction, bytes] of datagrams) if (driven.message(direction, bytes) !== 'ok') break;
    const told = driven.end();
    expect(told.length).toBe(1);
    expect(told[0].record).toMatchObject({
      established: true,
      version,
      versionProtocol: 'dtls',
      serverName: 'dtls.example',
      serverSubject: 'CN=dtls.example',
      serverSha1: sha1,
    });
    expect(told[0].record.clientJa4).toMatch(new RegExp(`^${ja4}`));
    expect(told[0].record.errorMessage).toBeUndefined();
    expect(driven.counts).toEqual({});
    expect(driven.held).toBe(0);
  });
  it('two handshakes between the same ports are two records', async () => {
    const driven = udp();
    for (const name of ['first.example', 'second.example']) {
      const { datagrams } = await associate(['-dtls1_2'], ['-dtls1_2', '-servername', name]);
      for (const [direction, bytes] of datagrams) expect(driven.message(direction, bytes)).toBe('ok');
    }
    expect(driven.end().map(({ record }) => [record.serverName, record.established])).toEqual([
      ['first.example', true],
      ['second.example', true],
    ]);
    expect(driven.counts).toEqual({});
    expect(driven.held).toBe(0);
  });
});
