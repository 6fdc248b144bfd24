// The API where others can reach it: who has a certificate of ours may ask, nobody else, and renewed certificates count at a reload.

import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DaemonKit } from '../kit/daemon.ts';
import { noNamespaces } from '../kit/namespace.ts';
import { unless } from '../kit/unless.ts';

const noOpenssl = spawnSync('openssl', ['version']).status === 0 ? '' : 'openssl is not installed here';

const PORT = 8145;

/** Asks once for each pair of a certificate and an authority; a status, or why there is none. */
const CLIENT = `
const { request } = require('node:https');
const { readFileSync } = require('node:fs');
const [folder, token, ...clients] = process.argv.slice(1);
const read = (name) => (name === '' ? undefined : readFileSync(folder + '/' + name));
const ask = (client) => new Promise((resolve) => {
  const [name, ca] = client.split(',');
  const outgoing = request({ host: '127.0.0.1', port: ${PORT}, path: '/api/status', agent: false, ca: read(ca + '.crt'),
    cert: read(name && name + '.crt'), key: read(name && name + '.key'), headers: { authorization: 'Bearer ' + token } },
    (response) => { response.resume(); response.on('end', () => resolve(response.statusCode)); });
  outgoing.on('error', (error) => resolve(error.code));
  outgoing.end();
});
(async () => { const all = []; for (const client of clients) all.push(await ask(client)); console.log(JSON.stringify(all)); })();
`;

unless(noNamespaces || noOpenssl).describe('the API with certificates', () => {
  let kit: DaemonKit;
  const openssl = (...words: string[]) => execFileSync('openssl', words, { stdio: 'pipe', cwd: kit.folder });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];

  /** A certificate authority, or something that one has signed. */
  function authority(name: string): void {
    openssl('req', '-x509', ...key, '-keyout', `${name}.key`, '-out', `${name}.crt`, '-subj', `/CN=${name}`);
  }
  function signed(name: string, ca: string): void {
    const of = ['-CA', `${ca}.crt`, '-CAkey', `${ca}.key`, '-addext', 'subjectAltName=IP:127.0.0.1'];
    openssl('req', '-x509', ...key, ...of, '-keyout', `${name}.key`, '-out', `${name}.crt`, '-subj', `/CN=${name}`);
  }
  const ask = (...clients: string[]): (number | string)[] => {
    const token = readFileSync(join(kit.store, 'api.token'), 'utf8').trim();
    return JSON.parse(kit.ns.run(process.execPath, '-e', CLIENT, kit.folder, token, ...clients));
  };

  beforeAll(async () => {
    kit = new DaemonKit();
    kit.ns.up('lo');
    for (const name of ['ours', 'theirs']) authority(name);
    for (const [name, ca] of [
      ['server', 'ours'],
      ['client', 'ours'],
      ['stranger', 'theirs'],
    ])
      signed(name, ca);
    const tls = { certificate: 'server.crt', key: 'server.key', client_ca: 'ours.crt' };
    const files = Object.entries(tls).map(([what, name]) => [what, join(kit.folder, name)]);
    kit.config = { ...kit.config, api: { address: `0.0.0.0:${PORT}`, tls: Object.fromEntries(files) } };
    await kit.start();
  });
  afterAll(() => kit.remove());

  test('answers who has a certificate of its authority, and nobody else', async () => {
    const [known, none, stranger, mistrusting] = ask('client,ours', ',ours', 'stranger,ours', 'client,theirs');
    expect(known).toBe(200);
    for (const refused of [none, stranger]) expect(refused).toMatch(/ERR_SSL|ECONNRESET|EPIPE/);
    // A client that does not know the server's authority does not speak with it.
    expect(mistrusting).toMatch(/SIGNATURE|SELF_SIGNED|UNABLE_TO_VERIFY|CERT/);
  });

  test('is asked by our own commands', async () => {
    const file = (name: string) => join(kit.folder, name);
    const words = ['status', '-c', kit.file, '--api', `127.0.0.1:${PORT}`, '--ca', file('ours.crt')];
    const known = await kit.ns.netscribe([...words, '--cert', file('client.crt'), '--key', file('client.key')]).end();
    expect([known.code, known.out]).toEqual([0, expect.stringMatching(/b +capturing/)]);
    const none = await kit.ns.netscribe(words).end();
    expect([none.code, none.err]).toEqual([
      1,
      expect.stringContaining(`the daemon at 127.0.0.1:${PORT} cannot be asked`),
    ]);
  });

  test('certificates that were renewed count at the next reload', async () => {
    const { program } = kit;
    writeFileSync(join(kit.folder, 'ours.crt'), readFileSync(join(kit.folder, 'theirs.crt')));
    for (const name of ['server.crt', 'server.key']) rmSync(join(kit.folder, name));
    signed('server', 'theirs');
    const before = program!.err.length;
    program!.child.kill('SIGHUP');
    await program!.until(() => program!.err.slice(before).includes('as it was'));
    const [now, former] = ask('stranger,theirs', 'client,theirs');
    expect(now).toBe(200);
    expect(former).toMatch(/ERR_SSL|ECONNRESET|EPIPE/);
  });
});
