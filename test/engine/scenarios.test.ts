// What comes out of whole connections when somebody meddles with them: one HTTP exchange, told right in spite of forged resets,
// other copies of its bytes, keep-alives, cuts at every byte, and names that JavaScript gives a meaning.

import { describe, expect, it } from 'vitest';
import { makePlan, type PlanRequest } from '../../src/engine/plan.ts';
import { run } from '../../src/engine/run.ts';
import { type Document, documents, MemorySink } from '../kit/engine.ts';
import { type MadePacket, MadeSource, type TcpFields, tcpFrame, udpFrame } from '../kit/packets.ts';
import { a, query, response } from '../protocols/dns/build.ts';

const REQUEST = 'GET /GOOD HTTP/1.1\r\nHost: example.org\r\n\r\n';
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';

class Talk {
  readonly packets: MadePacket[] = [];
  c(flags: string, seq: number, ack = 1, payload = '', more: TcpFields = {}): this {
    return this.#add(40_000, 80, { flags, seq: 1000 + seq, ack: 5000 + ack, payload, ...more });
  }
  s(flags: string, seq: number, ack = 1, payload = '', more: TcpFields = {}): this {
    return this.#add(80, 40_000, {
      from: '10.0.0.2',
      to: '10.0.0.1',
      flags,
      seq: 5000 + seq,
      ack: 1000 + ack,
      payload,
      ...more,
    });
  }
  handshake(): this {
    return this.c('S', 0).s('SA', 0).c('A', 1);
  }
  request(text = REQUEST): this {
    return this.c('PA', 1, 1, text);
  }
  answer(text = ANSWER, ack = 1 + REQUEST.length): this {
    return this.s('PA', 1, ack, text);
  }
  close(): this {
    const c = 1 + REQUEST.length;
    const s = 1 + ANSWER.length;
    return this.c('FA', c, s)
      .s('FA', s, c + 1)
      .c('A', c + 1, s + 1);
  }
  #add(from: number, to: number, fields: TcpFields): this {
    this.packets.push({ at: this.packets.length / 100, bytes: tcpFrame(from, to, fields) });
    return this;
  }
}

async function play(packets: readonly MadePacket[], request: PlanRequest = {}, size = 100) {
  const sink = new MemorySink();
  const result = await run(
    new MadeSource(packets, size),
    [sink],
    makePlan({ flow: { maxFlows: 4096 } as never, ...request }),
  );
  const all = documents(sink.text);
  const of = (dataset: string) => all.filter((document) => document.event.dataset === dataset);
  return { result, text: sink.text, flows: of('flow'), http: of('http') };
}

const path = (document: Document) => (document as unknown as { url: { path: string } }).url.path;
const status = (document: Document) =>
  (document as unknown as { http: { response?: { status_code: number } } }).http.response?.status_code;

describe('a large body that breaks off', () => {
  it('is told as far as it came', async () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n';
    const talk = new Talk().handshake().request().answer(head);
    const piece = 'x'.repeat(1400);
    let at = 1 + head.length;
    for (let i = 0; i < 20; i++, at += piece.length) talk.s('A', at, 1 + REQUEST.length, piece);
    talk.s('RA', at, 1 + REQUEST.length);
    const { http } = await play(talk.packets);
    expect(http).toMatchObject([{ http: { response: { body: { bytes: 28_000 } } } }]);
  });
});

describe('a connection with a PROXY header', () => {
  it.each(['PROXY TCP4 192.0.2.1 192.0.2.2 40000 80\r\n', '\r\n\r\n\0\r\nQUIT\n\x20\0\0\0'])('%j', async (header) => {
    const request = header + REQUEST;
    const talk = new Talk()
      .handshake()
      .request(request)
      .answer(ANSWER, 1 + request.length);
    const { http, result } = await play(talk.packets);
    expect(http).toMatchObject([{ url: { original: '/GOOD' }, http: { response: { status_code: 200 } } }]);
    expect(http[0].error).toBeUndefined();
    expect(result.ledger.counts.get('http.malformed') ?? 0).toBe(0);
  });
  it('tells for whom the proxy asked, in all of its requests', async () => {
    const header = 'PROXY TCP4 192.0.2.1 192.0.2.2 40000 80\r\n';
    const requests = header + REQUEST + REQUEST.replace('\r\n\r\n', '\r\nX-Real: 192.0.2.77\r\n\r\n');
    const talk = new Talk()
      .handshake()
      .request(requests)
      .answer(ANSWER + ANSWER, 1 + requests.length);
    const told = async (request: PlanRequest) =>
      (await play(talk.packets, request)).http.map(({ network, source }) => [
        (network as { forwarded_ip?: string }).forwarded_ip,
        source.ip,
      ]);
    expect(await told({})).toEqual([
      ['192.0.2.1', '10.0.0.1'],
      ['192.0.2.1', '10.0.0.1'],
    ]);
    expect(await told({ protocols: { http: { real_ip_header: 'X-Real' } } })).toEqual([
      ['192.0.2.1', '10.0.0.1'],
      ['192.0.2.77', '10.0.0.1'],
    ]);
  });
});

describe('datagrams with a PROXY header', () => {
  const SIGNATURE = '0d0a0d0a000d0a515549540a';
  const FOR_FIRST = Buffer.from(`${SIGNATURE}2112000cc0000201c00002029c400035`, 'hex');
  const FOR_SECOND = Buffer.from(
    `${SIGNATURE}2122002420010db800000000000000000000000120010db80000000000000000000000029c400035`,
    'hex',
  );
  const BY_ITSELF = Buffer.from(`${SIGNATURE}20000000`, 'hex');
  const BACK = { from: '10.0.0.2', to: '10.0.0.1' };

  it.each([53, 5300])('are told for each client, whatever is in flight (port %i)', async (port) => {
    const asked = (header: Uint8Array, id: number) =>
      udpFrame(40_000, port, { payload: Buffer.concat([header, query(`host${id}.example`, 1, { id })]) });
    const answered = (id: number) =>
      udpFrame(port, 40_000, { payload: response(`host${id}.example`, [a('192.0.2.9')], { id }), ...BACK });
    const frames = [
      asked(FOR_FIRST, 1),
      asked(FOR_SECOND, 2),
      answered(1),
      asked(BY_ITSELF, 3),
      answered(2),
      answered(3),
      asked(FOR_FIRST, 4),
      answered(4),
      asked(FOR_SECOND, 5),
    ];
    const { text, flows, result } = await play(frames.map((bytes, i) => ({ at: i / 100, bytes })));
    const told = documents(text).filter(({ event }) => event.dataset === 'dns') as unknown as {
      network: { forwarded_ip?: string };
      dns: { question: { name: string } };
      status: string;
    }[];
    expect(told.map(({ network, dns, status }) => [dns.question.name, network.forwarded_ip, status])).toEqual([
      ['host1.example', '192.0.2.1', 'OK'],
      ['host2.example', '2001:db8::1', 'OK'],
      ['host3.example', undefined, 'OK'],
      ['host4.example', '192.0.2.1', 'OK'],
      ['host5.example', '2001:db8::1', 'Error'],
    ]);
    expect(flows).toMatchObject([{ network: { protocol: 'dns' } }]);
    expect(result.ledger.counts.get('dns.malformed') ?? 0).toBe(0);
  });
});

describe('packets cut by a snap length', () => {
  it('tell their transactions by the start lines, also one that is cut itself', async () => {
    const long = `GET /${'long/'.repeat(20)} HTTP/1.1\r\nHost: example.org\r\n\r\n`;
    const talk = new Talk()
      .handshake()
      .request(long)
      .answer(ANSWER, 1 + long.length);
    const { http, flows } = await play(talk.packets, { snapLength: 54 + 24 });
    expect(http).toHaveLength(1);
    expect(http[0]).toMatchObject({
      url: { original: long.slice(4, 24) },
      http: { request: { method: 'GET' }, response: { status_code: 200 } },
    });
    expect(flows).toHaveLength(1);
  });
});

describe('one exchange', () => {
  const N = 1 + REQUEST.length;
  const EVIL = REQUEST.replace('GOOD', 'EVIL');
  const talk = () => new Talk().handshake();
  it.each([
    ['as it is', talk().request().answer().close()],
    ['answered before it was asked', talk().answer().request().close()],
    ['with another copy of the request after it', talk().request().c('PA', 1, 1, EVIL).answer().close()],
    ['with a reset in the window that its receiver will not obey', talk().request().s('R', 100, N).answer().close()],
    ['with a reset far outside', talk().request().c('R', 1_000_000).answer().close()],
    ['with a FIN without ACK before it', talk().c('F', 1).request().answer().close()],
    ['with keep-alives, one with garbage', talk().c('A', 0).c('A', 0, 1, 'X').request().answer().close()],
    [
      'with a forged refusal before the SYN-ACK',
      new Talk().c('S', 0).s('RA', 7).s('FA', 7).s('SA', 0).c('A', 1).request().answer().close(),
    ],
    ['split handshake', new Talk().c('S', 0).s('S', 0).c('SA', 0).s('A', 1).c('A', 1).request().answer().close()],
    ['in the middle of a connection', new Talk().request().answer().close()],
    [
      'with text in a reset at its end',
      talk()
        .request()
        .answer()
        .s('RA', 1 + ANSWER.length, N, 'Access Denied'),
    ],
  ])('%s', async (_, { packets }) => {
    const { http, flows, result } = await play(packets);
    expect(http.map((document) => [path(document), status(document)])).toEqual([['/GOOD', 200]]);
    expect(flows.length).toBe(1);
    expect(flows[0].network).toMatchObject({ packets: packets.length, protocol: 'http' });
    expect(result.ledger.counts.get('stream.gap')).toBeUndefined();
  });

  it('says the same for every cut of its bytes', async () => {
    const fields = (document: Document) => ({
      path: path(document),
      status: status(document),
      answer: document.destination.bytes,
      ask: document.source.bytes,
    });
    const whole = (await play(talk().request().answer().close().packets)).http.map(fields);
    for (const step of [1, 2, 7]) {
      const cut = talk();
      for (let at = 0; at < REQUEST.length; at += step) cut.c('A', 1 + at, 1, REQUEST.slice(at, at + step));
      const pieces = [];
      for (let at = 0; at < ANSWER.length; at += step) pieces.push(at);
      for (const at of pieces.reverse()) cut.s('A', 1 + at, N, ANSWER.slice(at, at + step));
      expect((await play(cut.close().packets)).http.map(fields)).toEqual(whole);
    }
  });

  it('keeps headers whose names mean something in JavaScript', async () => {
    const request = 'GET /x HTTP/1.1\r\nHost: a\r\n__proto__: polluted\r\nconstructor: c\r\ntoString: t\r\n\r\n';
    const { text } = await play(
      talk()
        .request(request)
        .answer(ANSWER, 1 + request.length).packets,
      { protocols: { http: { send_all_headers: true } } },
    );
    for (const header of ['"__proto__":"polluted"', '"constructor":"c"', '"tostring":"t"'])
      expect(text).toContain(header);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it('reads no packet after its batch was given back', async () => {
    const { packets } = talk().answer().request().close();
    const one = await play(packets, {}, 1);
    expect(one.text).toBe((await play(packets)).text);
  });

  it('is found behind a SOCKS client that does not wait for the reply', async () => {
    const hello = '\x05\x01\x00';
    const connect = '\x05\x01\x00\x01\x0a\x00\x00\x02\x00\x50';
    const reply = '\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00';
    const early = talk()
      .c('PA', 1, 1, hello)
      .s('PA', 1, 4, '\x05\x00')
      .c('PA', 4, 3, connect + REQUEST)
      .s('PA', 3, 14 + REQUEST.length, reply)
      .s('PA', 13, 14 + REQUEST.length, ANSWER);
    const { http } = await play(early.packets);
    expect(http.map((document) => [path(document), status(document)])).toEqual([['/GOOD', 200]]);
  });

  it('gives a flow that is never asked about nothing but a flow', async () => {
    const { http, flows } = await play(talk().request().answer().close().packets, { records: ['flow'] });
    expect([http.length, flows.length]).toEqual([0, 1]);
  });
});

describe('bytes that came twice with different contents', () => {
  const EVIL = REQUEST.replace('GOOD', 'EVIL');
  const N = 1 + REQUEST.length;
  const marks = (http: readonly Document[]) =>
    http.map(({ netscribe }) => (netscribe as { ambiguous?: boolean } | undefined)?.ambiguous);

  it('mark the transaction that they are of, and none that comes later', async () => {
    const talk = new Talk().handshake().request().c('PA', 1, 1, EVIL).answer();
    const later = talk.c('PA', N, 1 + ANSWER.length, REQUEST).s('PA', 1 + ANSWER.length, 2 * N - 1, ANSWER);
    for (const size of [1, 100]) {
      const { http } = await play(later.packets, {}, size);
      expect(marks(http)).toEqual([true, undefined]);
    }
  });
  it('mark it when they waited behind a hole', async () => {
    const half = 10;
    const talk = new Talk().handshake();
    talk.c('PA', 1 + half, 1, REQUEST.slice(half)).c('PA', 1 + half, 1, REQUEST.slice(half).replace('org', 'net'));
    const { http } = await play(talk.c('PA', 1, 1, REQUEST.slice(0, half)).answer().close().packets);
    expect(marks(http)).toEqual([true]);
  });
  it('leave alone what was sent again as it was', async () => {
    const { http } = await play(new Talk().handshake().request().request().answer().close().packets);
    expect(marks(http)).toEqual([undefined]);
  });
});

describe('what was said before its protocol was known', () => {
  it('is told at the time it came', async () => {
    // On a port of nobody's, and the first line ends in the third packet.
    const talk = new Talk().handshake();
    const pieces = [REQUEST.slice(0, 6), REQUEST.slice(6, 12), REQUEST.slice(12)];
    let at = 1;
    for (const piece of pieces) {
      talk.c('PA', at, 1, piece);
      at += piece.length;
    }
    talk.answer();
    const { packets } = talk;
    const moved = packets.map((packet) => {
      const frame = packet.bytes.slice();
      const at = frame[34] === 0 ? 34 : 36;
      frame.set([0x1f, 0x9d], at);
      return { ...packet, bytes: frame };
    });
    const [there, elsewhere] = [await play(packets), await play(moved)];
    expect(elsewhere.http).toMatchObject([{ source: { ip: '10.0.0.1' }, destination: { port: 8093 } }]);
    const times = ({ http }: typeof there) => http.map(({ event, '@timestamp': when }) => [when, event]);
    expect(times(elsewhere)).toEqual(times(there));
    expect(there.http[0].event).toMatchObject({ duration: 30_000_000 });
  });
});
