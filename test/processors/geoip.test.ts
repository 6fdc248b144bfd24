// Where addresses are, by databases made here in MaxMind's format: what is taken of them, in documents, in the store, by any number of
// threads; and what is said of files that are none.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { makePlan } from '../../src/engine/plan.ts';
import { run } from '../../src/engine/run.ts';
import { openPlaceFile, PlaceDatabases } from '../../src/processors/geoip.ts';
import { Address } from '../../src/records/address.ts';
import { parseAddress } from '../../src/records/parse-address.ts';
import { NOWHERE } from '../../src/records/place.ts';
import { netscribe } from '../kit/commands.ts';
import { documents, MemorySink, runFiles } from '../kit/engine.ts';
import { MmdbNumber, mmdb } from '../kit/mmdb.ts';
import { MadeSource, udpFrame } from '../kit/packets.ts';
import { a, query, response } from '../protocols/dns/build.ts';
import { pcapFile } from '../sources/writers.ts';

const folder = mkdtempSync(join(tmpdir(), 'netscribe-geoip-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, bytes: Uint8Array): string => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};

const GERMANY = {
  continent: { code: 'EU', names: { de: 'Europa', en: 'Europe' } },
  country: { iso_code: 'DE', names: { de: 'Deutschland', en: 'Germany' } },
};
const MUNICH = {
  ...GERMANY,
  city: { names: { de: 'München', en: 'Munich' } },
  subdivisions: [{ iso_code: 'BY', names: { en: 'Bavaria' } }],
  location: {
    latitude: new MmdbNumber(48.137, 'double'),
    longitude: new MmdbNumber(11.575, 'double'),
    accuracy_radius: 20,
  },
};
const cities = file(
  'city.mmdb',
  mmdb('Test-City', [
    ['192.0.2.0/24', GERMANY],
    ['192.0.2.128/25', MUNICH],
    ['2001:db8::/32', MUNICH],
    ['198.51.100.0/24', { city: { names: { de: 'nur deutsch' } } }],
  ]),
);
const networks = file(
  'asn.mmdb',
  mmdb('Test-ASN', [
    ['192.0.2.0/24', { autonomous_system_number: 64_500, autonomous_system_organization: 'Example Net' }],
    ['203.0.113.0/24', { autonomous_system_number: 4_200_000_000 }],
  ]),
);

describe('a place', () => {
  const places = new PlaceDatabases([openPlaceFile(cities), openPlaceFile(networks)]);
  const of = (address: string) => places.of(parseAddress(address)!);

  it('has what all databases together know', () => {
    expect(of('192.0.2.130')).toEqual({
      continentName: 'Europe',
      countryIsoCode: 'DE',
      countryName: 'Germany',
      regionIsoCode: 'DE-BY',
      regionName: 'Bavaria',
      cityName: 'Munich',
      latitude: 48.137,
      longitude: 11.575,
      asNumber: 64_500,
      asOrganization: 'Example Net',
    });
    expect(of('192.0.2.1')).toEqual({ ...NOWHERE, ...of('192.0.2.1'), cityName: undefined, countryName: 'Germany' });
    expect(of('2001:db8::1')).toMatchObject({ cityName: 'Munich', asNumber: undefined });
    expect(of('203.0.113.9')).toEqual({ ...NOWHERE, asNumber: 4_200_000_000 });
    expect(of('198.51.100.1')).toEqual(NOWHERE);
    expect(of('10.0.0.1')).toBe(NOWHERE);
  });

  it('is the same however many others were asked for', () => {
    const first = of('192.0.2.130');
    const address = new Address();
    for (let i = 0; i < 50_000; i++) places.of(address.setV4(0x0a000000 + i));
    expect(of('192.0.2.130')).toEqual(first);
  });

  it('is nowhere where a database is broken, which is counted', () => {
    const good = mmdb('Test-City', [['192.0.2.0/24', MUNICH]]);
    // The first value is a map; 0xff is a type that there is none of.
    good[good.indexOf('continent') - 2] = 0x00;
    good[good.indexOf('continent') - 1] = 0xff;
    const broken = new PlaceDatabases([openPlaceFile(file('broken.mmdb', good))]);
    expect(broken.of(parseAddress('192.0.2.1')!)).toBe(NOWHERE);
    expect(broken.failures).toBe(1);
  });
});

const lookup = [
  {
    at: 0,
    bytes: udpFrame(40_000, 53, { from: '192.0.2.200', to: '203.0.113.53', payload: query('a.example') }),
  },
  {
    at: 1,
    bytes: udpFrame(53, 40_000, {
      from: '203.0.113.53',
      to: '192.0.2.200',
      payload: response('a.example', [a('192.0.2.9')]),
    }),
  },
];

async function told(settings: readonly string[]) {
  const sink = new MemorySink();
  const { plan } = loadConfig(undefined, settings);
  await run(new MadeSource(lookup), [sink], makePlan({ ...plan, records: ['flow', 'dns'] }));
  return documents(sink.text) as unknown as Record<string, Record<string, unknown>>[];
}

const capture = file(
  'lookup.pcap',
  pcapFile(lookup.map(({ at, bytes }) => ({ seconds: 1_700_000_000 + at, fraction: 0, bytes }))),
);

describe('documents', () => {
  const databases = `geoip.databases=${JSON.stringify([cities, networks])}`;
  const geo = {
    continent_name: 'Europe',
    country_iso_code: 'DE',
    country_name: 'Germany',
    region_iso_code: 'DE-BY',
    region_name: 'Bavaria',
    city_name: 'Munich',
    location: { lat: 48.137, lon: 11.575 },
  };

  it('tell places of both ends, under all of their names', async () => {
    const all = await told([databases]);
    expect(all).toHaveLength(2);
    for (const document of all)
      for (const [client, server] of [
        ['client', 'server'],
        ['source', 'destination'],
      ]) {
        expect(document[client]).toMatchObject({
          ip: '192.0.2.200',
          geo,
          as: { number: 64_500, organization: { name: 'Example Net' } },
        });
        expect(document[server]).toMatchObject({ ip: '203.0.113.53', as: { number: 4_200_000_000 } });
        expect(document[server]).not.toHaveProperty('geo');
      }
  });

  it('tell none of it without a database, nor where it is switched off', async () => {
    for (const { source } of await told([])) expect(Object.keys(source)).not.toContain('geo');
    const [dns, flow] = (await told([databases, 'protocols.dns.geoip_enrich=false'])).sort((x) =>
      x.event.dataset === 'dns' ? -1 : 1,
    );
    expect(dns.source).not.toHaveProperty('geo');
    expect(flow.source).toHaveProperty('geo');
  });

  it('tell it with two threads as with one', async () => {
    const geoip = [openPlaceFile(cities), openPlaceFile(networks)];
    const one = await runFiles([capture], { geoip });
    expect(one.text).toContain('Munich');
    expect((await runFiles([capture], { geoip, workers: 2 })).text).toBe(one.text);
  });
});

describe('a store', () => {
  const ask = (...words: string[]) => netscribe(words, { cwd: folder });

  it('is asked by place, and has records of before the database was named', async () => {
    for (const words of [
      ['-c', '1'],
      ['--geoip', cities],
    ])
      expect(await ask('capture', '-q', '-r', capture, ...words, '--to', 'store:asked')).toMatchObject({
        code: 0,
        err: '',
      });
    const words = ['source.ip,source.geo.city_name', '--store', 'asked', '-e', 'ndjson', '-c'];
    const all = await ask('query', ...words, 'source.ip = 192.0.2.200 and type = dns');
    expect(
      all.out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)['source.geo.city_name'])
        .sort(),
    ).toEqual(['Munich', null]);
    const placed = await ask(
      'query',
      ...words,
      'source.geo.city_name = Munich and source.geo.location.lat > 48 and type = dns',
    );
    expect(JSON.parse(placed.out)).toMatchObject({ 'source.ip': '192.0.2.200', count: 1 });
  });
});

describe('a database', () => {
  it('is part of what makes two imports the same', () => {
    const of = (...paths: string[]) => makePlan({ geoip: paths.map(openPlaceFile) }).identity;
    expect(new Set([of(), of(cities), of(cities, networks)]).size).toBe(3);
    expect(of(cities)).toBe(of(file('copy.mmdb', mmdb('Test-City', []))));
    expect(of(cities)).not.toBe(of(file('new.mmdb', mmdb('Test-City', [], 1_790_000_000))));
  });

  it.each([
    [join(folder, 'missing.mmdb'), 'can not be read: ENOENT'],
    [folder, 'can not be read: EISDIR'],
    [file('empty.mmdb', new Uint8Array(0)), "is no database in MaxMind's format"],
    [file('text.mmdb', Buffer.from('hello '.repeat(100))), "is no database in MaxMind's format"],
  ])('%s is refused in words', (path, words) => {
    expect(() => loadConfig(undefined, [`geoip.databases=${path}`])).toThrow(`geoip.databases: ${path} ${words}`);
  });
});
