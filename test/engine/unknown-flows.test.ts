// Flows of which nobody can make anything at first: what a side said that tells nothing is not kept, and what comes behind it is still
// looked at.

import { describe, expect, it } from 'vitest';
import { detectionFor, makePlan } from '../../src/engine/plan.ts';
import { run } from '../../src/engine/run.ts';
import { type Document, documents, MemorySink } from '../kit/engine.ts';
import { type MadePacket, MadeSource, type TcpFields, tcpFrame, udpFrame } from '../kit/packets.ts';
import { a, query, response } from '../protocols/dns/build.ts';

const CLIENT = '10.0.0.1';
const SERVER = '10.0.0.2';
/** The middle of something. */
const JUNK = '\x11\x7e\x7d}}\x0b\x7f junk';
const REQUEST = 'GET /GOOD HTTP/1.1\r\nHost: example.org\r\n\r\n';
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';

/** A connection from its middle on. */
class Middle {
  readonly packets: MadePacket[] = [];
  readonly #port: number;
  #client = 1000;
  #server = 5000;

  /** `port`: the server's. */
  constructor(port = 9999) {
    this.#port = port;
  }

  client(payload: string, flags = 'PA'): this {
    this.#add(40_000, this.#port, { from: CLIENT, to: SERVER, flags, seq: this.#client, ack: this.#server, payload });
    this.#client += payload.length;
    return this;
  }
  server(payload: string, flags = 'PA'): this {
    this.#add(this.#port, 40_000, { from: SERVER, to: CLIENT, flags, seq: this.#server, ack: this.#client, payload });
    this.#server += payload.length;
    return this;
  }
  #add(from: number, to: number, fields: TcpFields): void {
    this.packets.push({ at: this.packets.length / 100, bytes: tcpFrame(from, to, fields) });
  }
}

async function play(packets: readonly MadePacket[]) {
  const sink = new MemorySink();
  const source = new MadeSource(packets, 100);
  const { ledger } = await run(source, [sink], makePlan({ flow: { maxFlows: 4096 } as never }));
  const all = documents(sink.text);
  return { ledger, of: (dataset: string) => all.filter((document) => document.event.dataset === dataset) };
}

/** Method and status, where there are such. */
function exchange(document: Document): [string | undefined, number | undefined] {
  const { request, response } = document.http as { request?: { method: string }; response?: { status_code: number } };
  return [request?.method, response?.status_code];
}

describe('a connection from its middle on', () => {
  it('is HTTP when the server answers what the client began before the capture', async () => {
    const { of } = await play(new Middle().client(JUNK).server(ANSWER).client(REQUEST).server(ANSWER).packets);
    expect(of('http').map(exchange)).toEqual([
      [undefined, 200],
      ['GET', 200],
    ]);
  });

  it.each([9999, 8080])('is HTTP also behind a long upload or download, on port %i', async (port) => {
    const up = new Middle(port);
    for (let i = 0; i < 40; i++) up.client(JUNK.repeat(80)).server('', 'A');
    const { of } = await play(up.server(ANSWER).client(REQUEST).server(ANSWER).packets);
    expect(of('http').map((document) => exchange(document)[0])).toEqual([undefined, 'GET']);
    const down = new Middle(port);
    for (let i = 0; i < 40; i++) down.server(JUNK.repeat(80)).client('', 'A');
    const behind = await play(down.client(REQUEST).server(ANSWER).packets);
    expect(behind.of('http').map(exchange)).toEqual([['GET', 200]]);
  });

  it('is nobody’s when both sides tell nothing', async () => {
    const { of } = await play(new Middle().client(JUNK).server(JUNK).client(REQUEST).server(ANSWER).packets);
    expect([of('http').length, of('flow').length]).toEqual([0, 1]);
  });
});

describe('datagrams', () => {
  const question = query('example.org');
  const answer = response('example.org', [a('192.0.2.1')]);
  const packets = (before: number): MadePacket[] => {
    const junk = Array.from({ length: before }, () => udpFrame(40_000, 9999, { payload: JUNK }));
    const asked = udpFrame(40_000, 9999, { payload: question });
    const answered = udpFrame(9999, 40_000, { from: SERVER, to: CLIENT, payload: answer });
    return [...junk, asked, answered].map((bytes, i) => ({ at: i / 10, bytes }));
  };

  it('are DNS behind three that are not, and not behind four', async () => {
    const three = await play(packets(3));
    expect(three.of('dns').length).toBe(1);
    const four = await play(packets(4));
    expect([four.of('dns').length, four.of('flow').length]).toEqual([0, 1]);
  });
});

describe('transports of which nothing is wanted', () => {
  const wants = (...records: string[]) => {
    const detection = detectionFor(makePlan({ records }));
    return (['tcp', 'udp', 'icmp'] as const).filter((transport) => detection.wants(transport));
  };

  it('are not looked into, whatever could be recognised there', () => {
    expect(wants('icmp')).toEqual(['icmp']);
    expect(wants('dhcpv4')).toEqual(['udp']);
    expect(wants('http', 'flow')).toEqual(['tcp']);
    expect(wants('dns')).toEqual(['tcp', 'udp']);
    expect(wants('flow')).toEqual([]);
  });
});

describe('a request line that is longer than what is kept of an unknown flow', () => {
  it.each([80, 9999])('is told, on port %i', async (port) => {
    const target = `/${'a'.repeat(30_000)}`;
    const middle = new Middle(port);
    const head = `GET ${target} HTTP/1.1\r\nHost: h\r\nX: ${'y'.repeat(80_000)}\r\n\r\n`;
    for (let at = 0; at < head.length; at += 1400) middle.client(head.slice(at, at + 1400));
    const { packets } = middle.server(ANSWER).client(REQUEST).server(ANSWER);
    const { of } = await play(packets);
    expect(of('http').map((one) => [(one.url as { path: string }).path, ...exchange(one)])).toEqual([
      [target, 'GET', 200],
      ['/GOOD', 'GET', 200],
    ]);
  });
});
