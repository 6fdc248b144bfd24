// The bound on what conversations take: who goes when, that nobody's records are lost by it, and that threads make no difference.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Room, type Tenant } from '../../src/engine/room.ts';
import { SHARDS } from '../../src/flow/hash.ts';
import { documents, runFiles } from '../kit/engine.ts';
import { writeFrames } from '../kit/namespace.ts';
import { type TcpFields, tcpFrame, udpFrame } from '../kit/packets.ts';
import { a, query, response } from '../protocols/dns/build.ts';

const KIB = 1024;

describe('of one shard', () => {
  class One implements Tenant<One> {
    readonly shard = 3;
    readonly isStream: boolean;
    held = 0;
    isOpen = false;
    older: One | undefined;
    newer: One | undefined;
    constructor(isStream: boolean) {
      this.isStream = isStream;
    }
  }
  const room = new Room<One>(20 * KIB * SHARDS);
  const begin = (isStream: boolean) => {
    const one = new One(isStream);
    room.begin(one);
    return one;
  };
  const hold = (one: One, bytes: number) => {
    one.held += bytes;
    room.hold(one, bytes);
  };
  /** Ends all that have to go; how many. */
  const clear = () => {
    let gone = 0;
    for (let one = room.tooMuch(3); one !== undefined; one = room.tooMuch(3)) {
      room.end(one);
      gone++;
    }
    return gone;
  };

  it('those go that take more, the oldest first', () => {
    const streams = [begin(true), begin(true)];
    const datagrams = Array.from({ length: 14 }, () => begin(false));
    expect(clear()).toBe(0);
    datagrams.push(begin(false));
    expect(clear()).toBe(1);
    expect([...streams, ...datagrams].filter(({ isOpen }) => !isOpen)).toEqual([datagrams[0]]);
    // What it holds counts, and no longer when it ended on its own.
    hold(streams[1], 12 * KIB);
    expect(clear()).toBe(2);
    expect(streams.map(({ isOpen }) => isOpen)).toEqual([false, false]);
    expect(datagrams.filter(({ isOpen }) => isOpen)).toHaveLength(14);
    for (const one of datagrams) room.end(one);
    for (let i = 0; i < 20; i++) begin(false);
    expect(clear()).toBe(0);
    begin(false);
    expect(clear()).toBe(1);
  });

  it('a large message does not drive out all others', () => {
    const large = new Room<One>(2 * 1024 * KIB * SHARDS);
    const one = new One(true);
    large.begin(one);
    const others = Array.from({ length: 500 }, () => new One(false));
    for (const other of others) large.begin(other);
    one.held = 16 * 1024 * KIB;
    large.hold(one, one.held);
    expect(large.tooMuch(3)).toBeUndefined();
    one.held = 0;
    large.hold(one, -16 * 1024 * KIB);
    large.end(one);
    for (const other of others) large.end(other);
    for (let i = 0; i < 2048; i++) large.begin(new One(false));
    expect(large.tooMuch(3)).toBeUndefined();
  });
});

describe('of a capture', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'netscribe-room-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const ASKERS = 3000;
  const CLIENT = '10.9.0.1';
  const SERVER = '10.9.0.2';
  const REQUEST = 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n';
  const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

  /** An HTTP transaction around queries of many clients that nobody answers, and one that somebody does. */
  function flood(): string {
    const http = (flags: string, from: string, fields: TcpFields) =>
      from === CLIENT
        ? tcpFrame(40_000, 80, { from: CLIENT, to: SERVER, flags, ...fields })
        : tcpFrame(80, 40_000, { from: SERVER, to: CLIENT, flags, ...fields });
    const asker = (i: number) => `10.1.${i >> 8}.${i & 255}`;
    const name = path.join(folder, 'flood.pcap');
    writeFrames(name, [
      http('S', CLIENT, { seq: 1000 }),
      http('SA', SERVER, { seq: 5000, ack: 1001 }),
      http('PA', CLIENT, { seq: 1001, ack: 5001, payload: REQUEST }),
      ...Array.from({ length: ASKERS }, (_, i) =>
        udpFrame(40_000, 53, { from: asker(i), payload: query('a.example') }),
      ),
      udpFrame(53, 40_000, {
        from: '10.0.0.2',
        to: asker(ASKERS - 1),
        payload: response('a.example', [a('192.0.2.1')]),
      }),
      http('PA', SERVER, { seq: 5001, ack: 1001 + REQUEST.length, payload: ANSWER }),
    ]);
    return name;
  }

  it('the oldest questions are told as unanswered, connections go on', async () => {
    const file = flood();
    const request = { records: ['dns', 'http'], maxConversationBytes: 24 * KIB * SHARDS };
    const { text, result } = await runFiles([file], request);
    const all = documents(text);
    const dns = all.filter(({ event }) => event.dataset === 'dns');
    expect(dns).toHaveLength(ASKERS);
    expect(dns.filter(({ status }) => status === 'OK')).toHaveLength(1);
    expect(all.filter(({ event }) => event.dataset === 'http')).toMatchObject([{ status: 'OK' }]);
    const evicted = result.ledger.counts.get('conversations.evicted') ?? 0;
    expect(evicted).toBeGreaterThan(ASKERS - 24 * SHARDS);
    expect(evicted).toBeLessThan(ASKERS);
    expect((await runFiles([file], { ...request, workers: 2 })).text).toBe(text);
    expect(
      (await runFiles([file], { records: ['dns', 'http'] })).result.ledger.counts.get('conversations.evicted'),
    ).toBe(undefined);
  });
});
