// Records as they are made, those that match.

import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Daemon } from '../daemon/daemon.ts';
import { allRecordTypes } from '../engine/plan.ts';
import { createVocabulary, documentMatcher, parseCondition } from '../query/query.ts';
import { EventStream } from './event-stream.ts';
import { ApiError } from './guard.ts';
import { type Lists, listsOf, listsSchema } from './lists.ts';

const properties = {
  records: { type: 'string', description: 'types, with commas', examples: ['dns,http'] },
  condition: { type: 'string', description: 'as netscribe query takes it' },
} as const;

interface Wanted {
  records?: string;
  condition?: string;
  lists?: Lists;
}

export function streamRoutes(app: FastifyInstance, daemon: Daemon): void {
  const types = allRecordTypes();
  const byName = new Map(types.map((type) => [type.name, type]));

  async function stream({ records, condition: text = '', lists }: Wanted, reply: FastifyReply): Promise<FastifyReply> {
    const names = records?.split(',').map((name) => name.trim());
    for (const name of names ?? []) {
      if (!byName.has(name)) throw new ApiError(`there are no records named '${name}'`);
    }
    const wanted = text.trim();
    const vocabulary = createVocabulary(types, { lists: listsOf(lists) });
    const matches =
      wanted === '' ? undefined : documentMatcher(parseCondition(wanted, vocabulary), vocabulary, names !== undefined);
    const events = new EventStream(reply);
    const end = await daemon.stream((lines, missed) => {
      events.miss(missed);
      for (const line of lines) {
        const document = JSON.parse(line) as { type: string };
        const type = byName.get(document.type);
        if (type === undefined || (names !== undefined && !names.includes(type.name))) continue;
        if (matches === undefined || matches(type, document)) events.send('record', line);
      }
    });
    events.onClose(end);
    return reply;
  }

  app.get<{ Querystring: Wanted }>(
    '/api/records/stream',
    {
      schema: {
        tags: ['query'],
        summary:
          'Records as they are made, as events named `record`; `missed` says how many a slow reader, or a great rush, left out',
        querystring: { type: 'object', additionalProperties: false, properties },
      },
    },
    ({ query: { records, condition } }, reply) => stream({ records, condition }, reply),
  );
  app.post<{ Body: Wanted }>(
    '/api/records/stream',
    {
      schema: {
        tags: ['query'],
        summary: 'The same, with lists that the condition names',
        body: { type: 'object', additionalProperties: false, properties: { ...properties, lists: listsSchema } },
      },
    },
    ({ body }, reply) => stream(body, reply),
  );
}
