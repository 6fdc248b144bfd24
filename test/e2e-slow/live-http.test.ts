// 50,000 packets a second of HTTP, live: the kernel drops nothing and every transaction is there.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Namespace, noNamespaces, writeFrames } from '../kit/namespace.ts';
import { tcpFrame } from '../kit/packets.ts';
import { unless } from '../kit/unless.ts';

const CONNECTIONS = 15_000;
const PACKETS_PER_SECOND = 50_000;
const REQUEST = 'GET /index.html HTTP/1.1\r\nHost: example.test\r\n\r\n';
const RESPONSE = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';

const folder = mkdtempSync(join(tmpdir(), 'netscribe-live-http-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** One connection from handshake to FIN, with one request. */
function connection(i: number): Uint8Array[] {
  const port = 1024 + (i % 50_000);
  const client = { from: `10.2.${i >> 8}.${i & 255}`, to: '10.0.0.2' };
  const server = { from: client.to, to: client.from };
  const asked = 1001 + REQUEST.length;
  const answered = 5001 + RESPONSE.length;
  return [
    tcpFrame(port, 80, { ...client, flags: 'S', seq: 1000 }),
    tcpFrame(80, port, { ...server, flags: 'SA', seq: 5000, ack: 1001 }),
    tcpFrame(port, 80, { ...client, seq: 1001, ack: 5001 }),
    tcpFrame(port, 80, { ...client, flags: 'AP', seq: 1001, ack: 5001, payload: REQUEST }),
    tcpFrame(80, port, { ...server, flags: 'AP', seq: 5001, ack: asked, payload: RESPONSE }),
    tcpFrame(port, 80, { ...client, flags: 'AF', seq: asked, ack: answered }),
    tcpFrame(80, port, { ...server, flags: 'AF', seq: answered, ack: asked + 1 }),
    tcpFrame(port, 80, { ...client, seq: asked + 1, ack: answered + 1 }),
  ];
}

unless(noNamespaces).describe('HTTP at 50,000 packets a second', () => {
  let ns: Namespace;
  beforeAll(() => {
    ns = new Namespace();
  });
  afterAll(() => ns.remove());

  test('nothing is dropped, nothing is missing', async () => {
    const file = join(folder, 'http.pcap');
    writeFrames(file, Array.from({ length: CONNECTIONS }, (_, i) => connection(i)).flat());
    const program = ns.netscribe(['capture', '-i', 'b', '--to', `ndjson:${folder}/out`, '--summary', 'json']);
    await program.until(() => program.err.includes('listening'));
    const sent = await ns.send('a', file, 1, PACKETS_PER_SECOND);
    const { code, err } = await program.interrupt();
    const { packets, loss, records, errors, live } = JSON.parse(err.trim().split('\n').at(-1)!);
    console.log(`of the ring's ${live.ringBlocks} blocks, ${live.ringHighWater} were in use at most`);
    expect({ code, packets, kernel: loss.kernel, http: records.http, errors: errors.http }).toEqual({
      code: 0,
      packets: sent,
      kernel: 0,
      http: CONNECTIONS,
      errors: 0,
    });
  });
});
