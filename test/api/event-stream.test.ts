// Server-sent events to a reader that does not read: what waits for it is bounded, and it hears how many records it missed.

import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyReply } from 'fastify';
import { expect, test } from 'vitest';
import { EventStream } from '../../src/api/event-stream.ts';

/** A stream and the response that its reader has of it. */
async function withReader(use: (stream: EventStream, response: IncomingMessage) => Promise<void>): Promise<void> {
  const opened = Promise.withResolvers<EventStream>();
  const server = createServer((_, raw) => {
    // All that it asks of Fastify.
    opened.resolve(new EventStream({ hijack: () => undefined, raw } as unknown as FastifyReply));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const asking = request({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' }).end();
    const [response] = (await once(asking, 'response')) as [IncomingMessage];
    const stream = await opened.promise;
    await use(stream, response);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('what must not be missed waits for a reader that is slow', () =>
  withReader(async (stream, response) => {
    const sending = (async () => {
      for (let n = 0; n < 5; n++) await stream.sendWhole('partialResult', `"${'x'.repeat(8_000_000)}"`);
      await stream.sendWhole('finalResult', '{}');
      stream.end();
    })();
    // It begins to read when the first answers wait already.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const said = Buffer.concat(await response.toArray()).toString();
    await sending;
    expect(said.match(/^event: .*/gm)).toEqual([...Array(5).fill('event: partialResult'), 'event: finalResult']);
  }));

test('a reader that is too slow is told how many records it missed, each once', () =>
  withReader(async (stream, response) => {
    const text = 'x'.repeat(10_000);
    let sent = 0;
    const send = () => stream.send('record', JSON.stringify({ number: sent++, text }));
    while (sent < 4000) send();
    // Left out before they came here.
    const BEFORE = 5;
    stream.miss(BEFORE);
    let said = '';
    response.setEncoding('utf8').on('data', (part) => {
      said += part;
    });
    // What had waited arrives, and with the next record that there is room for the news of the others.
    while (!said.includes('event: missed')) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      send();
    }
    stream.end();
    await once(response, 'end');
    let known = 0;
    const gaps: number[] = [];
    for (const event of said.trimEnd().split('\n\n')) {
      const { number, records } = JSON.parse(event.slice(event.indexOf('data: ') + 6));
      if (event.startsWith('event: missed')) {
        gaps.push(records);
        known += records - (gaps.length === 1 ? BEFORE : 0);
      } else if (event.startsWith('event: record')) expect(number).toBe(known++);
    }
    expect(known).toBe(sent);
    expect(gaps[0]).toBeGreaterThan(1000);
  }));
