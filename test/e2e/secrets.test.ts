// Secrets of the traffic stay out of everything that a run leaves behind, as words, in base64 and in hexadecimal, unless asked for.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { netscribe } from '../kit/commands.ts';
import { BEGIN } from '../kit/packets.ts';
import { pcapFile } from '../sources/writers.ts';
import { SecretTraffic } from './secrets.ts';

const traffic = new SecretTraffic();
let folder = '';
let file = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'netscribe-secrets-'));
  file = join(folder, 'secrets.pcap');
  const packets = traffic.packets.map(({ at, bytes }) => ({
    seconds: BEGIN + Math.floor(at),
    fraction: Math.round((at % 1) * 1e6),
    bytes: Buffer.from(bytes),
  }));
  writeFileSync(file, pcapFile(packets));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Everything that the command wrote anywhere, in one string. */
async function everything(name: string, words: readonly string[]): Promise<string> {
  const cwd = join(folder, name);
  mkdirSync(cwd, { recursive: true });
  const { code, bytes, err } = await netscribe(['capture', ...words], { cwd });
  expect({ code, said: code === 0 ? '' : err }).toEqual({ code: 0, said: '' });
  return [Buffer.from(bytes).toString('latin1'), err, ...filesIn(cwd)].join('\n');
}

function filesIn(place: string): string[] {
  return readdirSync(place, { recursive: true, encoding: 'utf8' })
    .map((one) => join(place, one))
    .filter((one) => statSync(one).isFile())
    .map((one) => readFileSync(one, 'latin1'));
}

/** A word in any of the forms in which it could be read again: three of base64, for its place in what is encoded. */
function formsOf(word: string): string[] {
  const inner = [0, 1, 2].map((before) => {
    const whole = Buffer.from(`${'\0'.repeat(before)}${word}`).toString('base64');
    return whole.slice(before === 0 ? 0 : 4, 4 * Math.floor((before + word.length) / 3));
  });
  const hex = Buffer.from(word).toString('hex');
  return [word, encodeURIComponent(word), hex, hex.toUpperCase(), ...inner];
}

const shownIn = (output: string) =>
  traffic.secrets
    .filter(({ word }) => formsOf(word).some((form) => output.includes(form)))
    .map(({ place }) => place)
    .filter((place, i, all) => all.indexOf(place) === i);

describe(`${traffic.secrets.length} secrets`, () => {
  it('are more than two hundred, each a word of its own, in every protocol', () => {
    expect(traffic.secrets.length).toBeGreaterThanOrEqual(200);
    expect(new Set(traffic.secrets.map(({ word }) => word)).size).toBe(traffic.secrets.length);
  });

  it('are not in what any sink writes, nor in what is said', async () => {
    const output = await everything('plain', [
      '-r',
      file,
      '--to',
      'ndjson:out',
      '--to',
      'csv:csv',
      '--to',
      'store:store',
      '--json',
      '--summary',
      'json',
    ]);
    expect(output).toContain('"dataset":"http"');
    expect(output).toContain('"dataset":"dhcpv4"');
    expect(output).toContain('"dataset":"dhcpv6"');
    expect(shownIn(output)).toEqual([]);
  });

  it('nor with several threads, all headers, bodies of forms, and raw requests', async () => {
    const options = [
      'send_all_headers=true',
      'send_request=true',
      'send_response=true',
      'include_request_body_for=[form]',
    ];
    const output = await everything('more', [
      '-r',
      file,
      '--json',
      '--workers',
      '2',
      ...options.flatMap((option) => ['--set', `protocols.http.${option}`]),
    ]);
    expect(output).toContain('"headers"');
    // A body that somebody asks for is shown as it is, but for forms.
    const bodies = ['JSON body', 'response body'];
    expect(shownIn(output).filter((place) => !bodies.includes(place))).toEqual([]);
  });

  it('are shown when they are asked for', async () => {
    const output = await everything('shown', ['-r', file, '--json', '-q', '--set', 'protocols.http.show_secrets=true']);
    const missing = traffic.secrets.filter(({ word, shown }) => shown === 'http' && !output.includes(word));
    expect(missing).toEqual([]);
  });

  it('are not in what goes wrong either', async () => {
    const broken = join(folder, 'broken.pcap');
    writeFileSync(broken, readFileSync(file).subarray(0, -33));
    const cwd = join(folder, 'wrong');
    mkdirSync(cwd);
    const args = ['capture', '-r', broken, '--json', '--set', 'protocols.http.nonsense=1'];
    const wrong = await netscribe(args, { cwd });
    const cut = await netscribe(args.slice(0, -2), { cwd });
    expect([wrong.code, cut.code]).toEqual([2, 3]);
    expect(shownIn([wrong.out, wrong.err, cut.out, cut.err].join('\n'))).toEqual([]);
  });
});
