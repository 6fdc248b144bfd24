// Names and addresses by a real DNS server on loopback, with a zone of our own.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addressesOfHosts,
  createVocabulary,
  formatResult,
  hostNamesIn,
  nameBeside,
  nameInPlace,
  namesOfAddresses,
  parseCondition,
  planQuery,
  runQuery,
} from '../../src/query/query.ts';
import { unless } from '../kit/unless.ts';
import { freePort } from '../servers/free-port.ts';
import { type Fixture, openFixture, TYPES } from './fixture.ts';

const hasServer = spawnSync('dnsmasq', ['--version']).status === 0;
if (!hasServer) console.warn('SKIPPED: names of hosts need dnsmasq (Debian: dnsmasq-base)');

/** Only against what never answers. */
const PATIENCE_MS = 100_000;

const vocabulary = createVocabulary(TYPES, { isUtc: true });

describe('names in a condition', () => {
  it.each<[string, string[]]>([
    ['sip = www.Example.com and dport = 443', ['www.example.com']],
    ['host != a.test | dip in {b.test, 10.0.0.1, "c.test"}', ['a.test', 'b.test', 'c.test']],
    ['src host d.test or host localhost', ['d.test', 'localhost']],
    ['dns.question.name = www.example.com', []],
    ['sip = 10.0.0.300', []],
    ['sip = not-a-name', []],
    ['sip = www.example.com and', []],
    ['source.ip: *.example.com', []],
  ])('%s', (text, names) => expect(hostNamesIn(text, vocabulary)).toEqual(names));

  it('are refused where nobody looked them up', () => {
    expect(() => parseCondition('sip = a.test', vocabulary)).toThrow('is not an address or network');
    const hosts = new Map([['a.test', ['10.0.0.5']]]);
    expect(() => parseCondition('sip = b.test', { ...vocabulary, hosts })).toThrow('no address that DNS knows');
  });
});

unless(hasServer ? '' : 'dnsmasq is not installed here').describe('with a DNS server', () => {
  let server: ChildProcess;
  let fixture: Fixture;
  let servers: string[];

  beforeAll(async () => {
    fixture = await openFixture();
    const port = freePort('udp');
    servers = [`127.0.0.1:${port}`];
    const zone = [
      '--host-record=shop.test,10.0.0.5',
      '--host-record=v6.test,2001:db8::1',
      '--address=/many.test/10.0.0.7',
    ];
    server = spawn(
      'dnsmasq',
      ['--no-daemon', '--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--bind-interfaces', '--pid-file='].concat(
        `--port=${port}`,
        '--listen-address=127.0.0.1',
        zone,
      ),
      { stdio: 'ignore' },
    );
    while (server.exitCode === null) {
      const known = await addressesOfHosts(['shop.test'], { timeoutMs: 200, servers });
      if (known.size > 0) return;
    }
    throw new Error(`dnsmasq ended with ${server.exitCode}`);
  });
  afterAll(() => {
    server?.kill();
    fixture?.close();
  });

  it('a host in a condition is any of its addresses', async () => {
    const text = 'host = shop.test or sip = v6.test';
    const hosts = await addressesOfHosts(hostNamesIn(text, vocabulary), { timeoutMs: PATIENCE_MS, servers });
    expect([...hosts]).toEqual(
      expect.arrayContaining([
        ['shop.test', ['10.0.0.5']],
        ['v6.test', ['2001:db8::1']],
      ]),
    );
    const plan = planQuery({ columns: 'sip', condition: text }, { ...vocabulary, hosts });
    expect((await runQuery(fixture, plan)).rows.map(([sip]) => sip)).toEqual(['10.0.0.5', '2001:db8::1']);
  });

  it('a name that DNS does not know is an error with its place', async () => {
    const hosts = await addressesOfHosts(['nosuch.test'], { timeoutMs: PATIENCE_MS, servers });
    expect(() => parseCondition('sip = nosuch.test', { ...vocabulary, hosts })).toThrow('no address that DNS knows');
  });

  it('addresses of an answer get names: in place for eyes, beside for programs, only in the first rows', async () => {
    const result = await runQuery(fixture, planQuery({ columns: 'sip', sum: true, limit: 3 }, vocabulary));
    const names = await namesOfAddresses(result, { maxRows: 2, timeoutMs: PATIENCE_MS, servers });
    expect([...names]).toEqual([['10.0.0.5', 'shop.test']]);
    expect(nameInPlace(result, names).rows[0][0]).toBe('shop.test');
    const beside = [...formatResult(nameBeside(result, names), 'csv')];
    expect(beside[0]).toBe('sip,sip.domain,packets,bytes\r\n');
    expect(beside[1]).toBe('10.0.0.5,shop.test,102,14000240\r\n');
    expect(beside[2]).toMatch(/^172\.16\.1\.1,,/);
  });

  it('a name that would be a formula is neutralised', async () => {
    const result = await runQuery(fixture, planQuery({ columns: 'sip', limit: 1 }, vocabulary));
    const names = new Map([['10.0.0.5', '=cmd()\u001b[2J']]);
    expect([...formatResult(nameBeside(result, names), 'csv')][1]).toContain("10.0.0.5,'=cmd()");
    expect([...formatResult(nameInPlace(result, names), 'table')].join('')).toContain('=cmd()\\x1b[2J');
  });

  it('gives up after its time', async () => {
    const silent = createSocket('udp4');
    await new Promise<void>((resolve) => silent.bind(0, '127.0.0.1', resolve));
    const options = { timeoutMs: 100, servers: [`127.0.0.1:${silent.address().port}`] };
    const result = await runQuery(fixture, planQuery({ columns: 'sip' }, vocabulary));
    expect((await namesOfAddresses(result, { maxRows: 25, ...options })).size).toBe(0);
    expect((await addressesOfHosts(['shop.test'], options)).size).toBe(0);
    silent.close();
  });
});
