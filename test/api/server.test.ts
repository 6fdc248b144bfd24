// What the API makes of requests, whatever the daemon behind it does: where it may be asked, what it takes, and how long it waits.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApi } from '../../src/api/server.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Daemon, Server } from '../../src/daemon/daemon.ts';

const folder = mkdtempSync(join(tmpdir(), 'netscribe-api-'));
const { daemon: config } = loadConfig(undefined, [
  'api.address=127.0.0.2:0',
  'api.metrics=false',
  `api.token_file=${folder}/token`,
]);
const updated: unknown[] = [];
const daemon = {
  store: undefined,
  config: { effective: {}, daemon: config },
  status: async () => ({ interfaces: { eth0: { state: 'capturing' } } }),
  update: async (wanted: unknown) => {
    updated.push(wanted);
    return { enabled: [], updated: [], disabled: [] };
  },
} as unknown as Daemon;

let server: Server;
let port: number;
let token: string;
beforeAll(async () => {
  server = await startApi(daemon, config);
  port = Number(/\d+$/.exec(server.address)![0]);
  token = readFileSync(join(folder, 'token'), 'utf8').trim();
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

function ask(method: string, path: string, body?: unknown, headers = {}): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = { host: '127.0.0.2', port, method, path, agent: false };
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    request({ ...asked, headers: { authorization: `Bearer ${token}`, ...type, ...headers } }, async (response) => {
      const text = Buffer.concat(await response.toArray()).toString();
      resolve({ status: response.statusCode!, text });
    })
      .on('error', reject)
      .end(body === undefined ? undefined : JSON.stringify(body));
  });
}

test('where it listens is a name of it; the scheme of the token has no case', async () => {
  expect((await ask('GET', '/-/health')).status).toBe(200);
  expect((await ask('GET', '/-/health', undefined, { host: `127.0.0.3:${port}` })).status).toBe(403);
  expect((await ask('GET', '/api/status', undefined, { authorization: `bearer ${token}` })).status).toBe(200);
});

test('a word that is not known is refused, never left out', async () => {
  for (const [method, path, body, word] of [
    ['POST', '/api/query', { columns: 'sip', conditon: 'dport = 443' }, 'conditon'],
    ['POST', '/api/query/stream', { colums: 'sip' }, 'colums'],
    ['POST', '/api/records/stream', { record: 'dns' }, 'record'],
    ['GET', '/api/records/stream?record=dns', undefined, 'record'],
    ['GET', '/api/flows/live?limt=1', undefined, 'limt'],
    ['GET', '/api/status?interface=eth0', undefined, 'interface'],
  ] as const) {
    const { status, text } = await ask(method, path, body);
    expect([path, status, text]).toEqual([path, 400, expect.stringContaining(`there is no '${word}'`)]);
  }
  const format = await ask('POST', '/api/query', { columns: 'sip', format: 'xml' });
  expect([format.status, format.text]).toEqual([400, expect.stringContaining('/format must be one of table, json')]);
  expect((await ask('POST', '/api/query', { columns: 'sip', limit: 1e20 })).status).toBe(400);
});

test('interfaces are read as those of netscribe.yml are', async () => {
  expect((await ask('PUT', '/api/config/interfaces', { eth0: null, '/^veth/': { promisc: true } })).status).toBe(200);
  expect(updated.splice(0)).toEqual([{ interfaces: { eth0: {}, '/^veth/': { promisc: true } } }]);
  for (const [interfaces, words] of [
    [{ eth0: { promisk: true } }, "capture.interfaces.eth0: there is no 'promisk': did you mean 'promisc'?"],
    [{ eth0: { snap_length: 0 } }, 'capture.interfaces.eth0.snap_length: '],
    [{ eth0: 'promisc' }, 'capture.interfaces.eth0: '],
    [{ '/[/': {} }, '/[/: Invalid regular expression'],
  ] as const) {
    const { status, text } = await ask('PUT', '/api/config/interfaces', interfaces);
    expect([status, JSON.parse(text).error]).toEqual([400, expect.stringContaining(words)]);
  }
  expect(updated).toEqual([]);
});

test('a request that never becomes whole is not waited for endlessly', async () => {
  let waitsMs = 0;
  const see = (message: unknown): void => {
    waitsMs = (message as { server: { requestTimeout: number } }).server.requestTimeout;
  };
  subscribe('http.server.request.start', see);
  try {
    await ask('GET', '/-/health');
  } finally {
    unsubscribe('http.server.request.start', see);
  }
  expect(waitsMs).toBe(60_000);
});
