// HTTP connections of which the capture lacks packets: responses are told with the requests that they answer, as far as what is missing and what
// was acknowledged says which those are.

import { expect, it } from 'vitest';
import { makePlan } from '../../src/engine/plan.ts';
import { run } from '../../src/engine/run.ts';
import { documents, MemorySink } from '../kit/engine.ts';
import { Frame } from '../kit/generate/frame.ts';
import { HttpTraffic } from '../kit/generate/http.ts';
import { Random } from '../kit/generate/random.ts';
import { type MadePacket, MadeSource, type TcpFields, tcpFrame } from '../kit/packets.ts';

const request = (n: number) => `GET /${n} HTTP/1.1\r\nHost: h\r\n\r\n`;
const response = (n: number) => `HTTP/1.1 20${n} OK\r\nContent-Length: 5\r\n\r\nhello`;
const ASKED = request(1).length;
const ANSWERED = response(1).length;

/** `H` is the handshake, `C` the client's part of it, `q2` the second request, `r1@2` the first response, which acknowledges two requests; the capture lacks `-q1`. */
function packets(script: string): MadePacket[] {
  const made: MadePacket[] = [];
  for (const word of script.split(' ')) {
    const add = (isClient: boolean, fields: TcpFields) => {
      const ends = isClient ? {} : { from: '10.0.0.2', to: '10.0.0.1' };
      const [from, to] = isClient ? [40_000, 80] : [80, 40_000];
      if (!word.startsWith('-'))
        made.push({ at: made.length / 100, bytes: tcpFrame(from, to, { flags: 'PA', ...ends, ...fields }) });
    };
    const [, what, number, acked = '0'] = /^-?(\w)(\d?)(?:@(\d))?$/.exec(word)!;
    const before = Number(number) - 1;
    if (what === 'q')
      add(true, { seq: 1001 + before * ASKED, ack: 5001 + Number(acked) * ANSWERED, payload: request(before + 1) });
    else if (what === 'r')
      add(false, { seq: 5001 + before * ANSWERED, ack: 1001 + Number(acked) * ASKED, payload: response(before + 1) });
    else {
      add(true, { flags: 'S', seq: 1000 });
      if (what === 'H') add(false, { flags: 'SA', seq: 5000, ack: 1001 });
      add(true, { flags: 'A', seq: 1001, ack: 5001 });
    }
  }
  return made;
}

interface Told {
  source: { port: number };
  url?: { original: string };
  http: { response?: { status_code: number; headers?: Record<string, unknown> } };
  error?: { message: string | string[] };
}

async function told(made: readonly MadePacket[]): Promise<Told[]> {
  const sink = new MemorySink();
  await run(new MadeSource(made, 100), [sink], makePlan({ flow: { maxFlows: 4096 } as never, records: ['http'] }));
  return documents(sink.text) as unknown as Told[];
}

async function pairs(script: string): Promise<string> {
  return (await told(packets(script)))
    .map(({ url, http, error }) => {
      const isDoubted = [error?.message ?? ''].flat().some((note) => note.includes('may answer another request'));
      return `${url?.original ?? '-'}:${http.response?.status_code ?? '-'}${isDoubted ? '?' : ''}`;
    })
    .join(' ');
}

it.each([
  // A client that waits for responses.
  ['H -q1 r1@1 q2@1 r2@2 q3@2 r3@3', '-:201 /2:202 /3:203'],
  ['-q1 r1@1 q2@1 r2@2', '-:201 /2:202'],
  ['H q1 r1@1 -q2 r2@2 q3@2 r3@3 q4@3 r4@4', '/1:201 -:202 /3:203 /4:204'],
  // Its response was lost with the request.
  ['H -q1 -r1@1 q2@1 r2@2 q3@2 r3@3', '/2:202 /3:203'],
  ['H q1 r1@1 -q2@1 -r2@2 q3@2 r3@3 q4@3 r4@4', '/1:201 /3:203 /4:204'],
  // One response was lost, and the request after it.
  ['H q1 -r1@1 -q2@1 r2@2 q3@2 r3@3', '/1:- -:202 /3:203'],
  ['H -q1 r1@1 q2@1 -r2@2 -q3@2 r3@3 q4@3 r4@4', '-:201 /2:- -:203 /4:204'],
  ['H q1 -r1@1 q2@1 -r2@2 -q3@2 r3@3 q4@3 r4@4', '/1:- /2:- -:203 /4:204'],
  ['H q1 r1@1 q2@1 -r2@2 q3@2 -r3@3 -q4@3 r4@4 q5@4 r5@5', '/1:201 /2:- /3:- -:204 /5:205'],
  ['H q1 r1@1 q2@1 r2@2 -q3@2 -r3@3 q4@3 -r4@4 -q5@4 r5@5 q6@5 r6@6', '/1:201 /2:202 /4:- -:205 /6:206'],
  // The capture shows the directions in the wrong order.
  ['H q1 r1@1 -q2@1 r2@2 r3@3 q3@2 q4@3 r4@4', '/1:201 -:202 /3:203 /4:204'],
  // The server says something before it has the request.
  ['H q1 r1@1 r2@1 q2@1 r3@2', '/1:201 -:202 /2:203'],
  ['H q1 r1@1 q2@1 r2@1', '/1:201 -:202 /2:-'],
  // Nobody knows where the server began.
  ['C -q1 -r1@1 q2@1 r2@2 q3@2 r3@3', '/2:202 /3:203'],
  ['q1 -r1@1 q2@1 r2@2 q3@2 r3@3', '/1:- /2:202 /3:203'],
  ['q1 -r1@1 -q2@1 r2@2 q3@2 r3@3', '/1:- -:202 /3:203'],
  // Nothing is acknowledged: a capture made by hand.
  ['H q1@0 r1@0 q2@0 r2@0', '/1:201 /2:202'],

  // A client that asks again before it has the response, or a capture that shows it so.
  ['H -q1 q2 r1@1 r2@2 q3@2 r3@3', '-:201 /2:202? /3:203?'],
  ['H -q1 q2 r1@2 r2@2 q3@2 r3@3', '-:201 /2:202? /3:203?'],
  ['H -q1 q2@1 r1@1 r2@2 q3@2 r3@3', '-:201 /2:202 /3:203'],
  ['H q1 -q2 q3 r1@3 r2@3 r3@3', '/1:201 -:202 /3:203?'],
  ['H q1 r1@1 -q2 q3@1 r2@2 r3@3 q4@3 r4@4', '/1:201 -:202 /3:203? /4:204?'],
  ['H q1 r1@1 -q2 q3@1 r2@3 r3@3 q4@3 r4@4', '/1:201 -:202 /3:203? /4:204?'],
  ['H q1 q2 q3 r1@3 -r2@3 r3@3 q4@3 r4@4', '/1:201 /2:- /3:203? /4:204'],
  // How many requests were lost nobody knows.
  ['H q1 q2 -q3 -q4 q5 r1@5 r2@5 r3@5 r4@5 r5@5 q6@5 r6@6', '/1:201 /2:202 -:203 /5:204? -:205 /6:206?'],
  // Its response was lost with the request.
  ['H -q1 q2 -r1@1 r2@2 q3@2 r3@3', '/2:202? /3:203?'],
  ['H q1 r1@1 -q2 q3@1 -r2@2 r3@3 q4@3 r4@4', '/1:201 /3:203? /4:204?'],
])('%s', async (script, told) => expect(await pairs(script)).toBe(told));

/** Connections of clients that wait for each response, 200 at a time. */
function httpTraffic(packets: number): MadePacket[] {
  const traffic = new HttpTraffic({ seed: 5, connections: 200, longestBody: 4000 });
  const frame = new Frame();
  return Array.from({ length: packets }, (_, n) => {
    const bytes = new Uint8Array(2048);
    frame.begin(bytes, new DataView(bytes.buffer), 0);
    traffic.packet(frame);
    return { at: n / 10_000, bytes: bytes.subarray(0, frame.finish()) };
  });
}

const isSyn = (frame: Uint8Array) => (frame[47] & 2) !== 0;

/** What was answered to whom, by what was asked. */
async function exchanges(made: readonly MadePacket[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const { source, url, http, error } of await told(made)) {
    const { status_code: status, headers } = http.response ?? {};
    if (url === undefined || status === undefined || error !== undefined) continue;
    found.set(
      `${source.port} ${url.original}`,
      `${status} ${headers?.['content-length']} ${headers?.['content-type']}`,
    );
  }
  return found;
}

it('packets at random, of connections that were seen to begin: no pair is wrong without a word', async () => {
  const whole = httpTraffic(20_000);
  const all = await exchanges(whole);
  const random = new Random(11);
  for (const [loss, least] of [
    [0.1, 0.7],
    [0.3, 0.3],
  ]) {
    const some = await exchanges(whole.filter(({ bytes }) => !random.chance(loss) || isSyn(bytes)));
    expect([...some].filter(([asked, answered]) => all.get(asked) !== answered)).toEqual([]);
    expect(some.size / all.size).toBeGreaterThan(least);
  }
});
