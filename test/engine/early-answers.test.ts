// Answers that the capture shows before their questions, as a tap with a card for each direction does: over UDP, ICMP and TCP, whatever
// the number of threads.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { documents, runFiles } from '../kit/engine.ts';
import { icmpFrame, type TcpFields, tcpFrame, udpFrame } from '../kit/packets.ts';
import { a, framed, query, response } from '../protocols/dns/build.ts';
import type { Bytes } from '../wire/frames.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'netscribe-early-'));
afterAll(() => rmSync(folder, { recursive: true }));

const REQUEST = 'GET /first HTTP/1.1\r\nHost: a.example\r\n\r\n';
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
const ECHO = Uint8Array.of(0, 7, 0, 1, 1, 2, 3, 4);

const back = (client: string) => ({ from: '10.0.0.2', to: client });

function overUdp(client: string): Bytes[] {
  return [
    udpFrame(53, 40_000, { ...back(client), payload: response('a.example', [a('192.0.2.1')]) }),
    udpFrame(40_000, 53, { from: client, payload: query('a.example') }),
  ];
}

function ping(client: string): Bytes[] {
  return [icmpFrame(0, 0, ECHO, back(client)), icmpFrame(8, 0, ECHO, { from: client })];
}

/** A connection whose first answer stands before its question. */
function overTcp(client: string, port: number, question: string | Bytes, answer: string | Bytes): Bytes[] {
  const c = (fields: TcpFields) => tcpFrame(40_000, port, { from: client, ...fields });
  const s = (fields: TcpFields) => tcpFrame(port, 40_000, { ...back(client), ...fields });
  const asked = 1001 + question.length;
  return [
    c({ flags: 'S', seq: 1000 }),
    s({ flags: 'SA', seq: 5000, ack: 1001 }),
    c({ seq: 1001, ack: 5001 }),
    s({ flags: 'PA', seq: 5001, ack: asked, payload: answer }),
    c({ flags: 'PA', seq: 1001, ack: 5001, payload: question }),
    c({ seq: asked, ack: 5001 + answer.length }),
  ];
}

/** As pcap, 100 µs apart. */
function write(frames: readonly Bytes[]): string {
  const file = path.join(folder, 'early.pcap');
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65_535, 16);
  header.writeUInt32LE(1, 20);
  const records = frames.flatMap((frame, i) => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(1_700_000_000);
    record.writeUInt32LE(i * 100, 4);
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(frame.length, 12);
    return [record, Buffer.from(frame)];
  });
  writeFileSync(file, Buffer.concat([header, ...records]));
  return file;
}

it('meet their questions', async () => {
  const clients = Array.from({ length: 20 }, (_, i) => `10.0.1.${i + 1}`);
  const frames = clients.flatMap((client) => [
    ...overUdp(client),
    ...ping(client),
    ...overTcp(client, 53, framed(query('b.example')), framed(response('b.example', []))),
    ...overTcp(client, 80, REQUEST, ANSWER),
  ]);
  const file = write(frames);
  const one = await runFiles([file], { records: ['dns', 'http', 'icmp'] });
  const all = documents(one.text);
  expect(all.map(({ event }) => event.dataset).sort()).toEqual(
    clients.flatMap(() => ['dns', 'dns', 'http', 'icmp']).sort(),
  );
  for (const { status, event, source } of all as unknown as Record<string, Record<string, unknown>>[]) {
    expect(status).toBe('OK');
    expect(event.duration).toBeGreaterThanOrEqual(0);
    expect(clients).toContain(source.ip);
  }
  const two = await runFiles([file], { records: ['dns', 'http', 'icmp'], workers: 2 });
  expect(two.text).toBe(one.text);
});
