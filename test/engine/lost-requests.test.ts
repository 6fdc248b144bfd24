// HTTP connections of which the capture lacks packets: responses are told with the requests that they answer, as far as what is missing and what
// was acknowledged says which those are.

import { expect, it } from 'vitest';
import { makePlan } from '../../src/engine/plan.ts';
import { run } from '../../src/engine/run.ts';
import { documents, MemorySink } from '../kit/engine.ts';
import { type MadePacket, MadeSource, type TcpFields, tcpFrame } from '../kit/packets.ts';

const request = (n: number) => `GET /${n} HTTP/1.1\r\nHost: h\r\n\r\n`;
const response = (n: number) => `HTTP/1.1 20${n} OK\r\nContent-Length: 5\r\n\r\nhello`;
const ASKED = request(1).length;
const ANSWERED = response(1).length;

/** `H` is the handshake, `q2` the second request, `r1@2` the first response, which acknowledges two requests; the capture lacks `-q1`. */
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
      add(false, { flags: 'SA', seq: 5000, ack: 1001 });
      add(true, { flags: 'A', seq: 1001, ack: 5001 });
    }
  }
  return made;
}

async function pairs(script: string): Promise<string> {
  const sink = new MemorySink();
  await run(
    new MadeSource(packets(script), 100),
    [sink],
    makePlan({ flow: { maxFlows: 4096 } as never, records: ['http'] }),
  );
  return documents(sink.text)
    .map((document) => {
      const { url, http } = document as { url?: { path: string }; http?: { response?: { status_code: number } } };
      return `${url?.path ?? '-'}:${http?.response?.status_code ?? '-'}`;
    })
    .join(' ');
}

it.each([
  // A client that waits for responses.
  ['H -q1 r1@1 q2@1 r2@2 q3@2 r3@3', '-:201 /2:202 /3:203'],
  ['-q1 r1@1 q2@1 r2@2', '-:201 /2:202'],
  ['H q1 r1@1 -q2 r2@2 q3@2 r3@3 q4@3 r4@4', '/1:201 -:202 /3:203 /4:204'],
  // One that asks again before it has the response, or a capture that shows it so.
  ['H -q1 q2 r1@1 r2@2 q3@2 r3@3', '-:201 /2:202 /3:203'],
  ['H -q1 q2 r1@2 r2@2 q3@2 r3@3', '-:201 /2:202 /3:203'],
  ['H -q1 q2@1 r1@1 r2@2 q3@2 r3@3', '-:201 /2:202 /3:203'],
  ['H q1 -q2 q3 r1@3 r2@3 r3@3', '/1:201 -:202 /3:203'],
  ['H q1 r1@1 -q2 q3@1 r2@2 r3@3 q4@3 r4@4', '/1:201 -:202 /3:203 /4:204'],
  ['H q1 r1@1 -q2 q3@1 r2@3 r3@3 q4@3 r4@4', '/1:201 -:202 /3:203 /4:204'],
  // Its response was lost with the request.
  ['H -q1 -r1@1 q2@1 r2@2 q3@2 r3@3', '/2:202 /3:203'],
  ['H -q1 q2 -r1@1 r2@2 q3@2 r3@3', '/2:202 /3:203'],
  ['H q1 r1@1 -q2 -r2@2 q3@2 r3@3 q4@3 r4@4', '/1:201 /3:203 /4:204'],
  ['H q1 r1@1 -q2 q3@1 -r2@2 r3@3 q4@3 r4@4', '/1:201 /3:203 /4:204'],
])('%s', async (script, told) => expect(await pairs(script)).toBe(told));
