// Records as they are made, those that match.

import type { FastifyInstance } from 'fastify';
import type { Daemon } from '../daemon/daemon.ts';
import { allRecordTypes } from '../engine/plan.ts';
import { createVocabulary, documentMatches, parseCondition } from '../query/query.ts';

import { EventStream } from './event-stream.ts';
import { ApiError } from './guard.ts';

export function streamRoutes(app: FastifyInstance, daemon: Daemon): void {
  const types = allRecordTypes();
  app.get<{ Querystring: { records?: string; condition?: string } }>(
    '/api/records/stream',
    {
      schema: {
        tags: ['query'],
        summary:
          'Records as they are made, as events named `record`; `missed` says how many a slow reader, or a great rush, left out',
        querystring: {
          type: 'object',
          properties: {
            records: { type: 'string', description: 'types, with commas', examples: ['dns,http'] },
            condition: { type: 'string', description: 'as netscribe query takes it' },
          },
        },
      },
    },
    async ({ query }, reply) => {
      const names = query.records?.split(',').map((name) => name.trim());
      for (const name of names ?? []) {
        if (!types.some((type) => type.name === name)) throw new ApiError(`there are no records named '${name}'`);
      }
      const wanted = query.condition?.trim() ?? '';
      const condition = wanted === '' ? undefined : parseCondition(wanted, createVocabulary(types));
      const events = new EventStream(reply);
      const byName = new Map(types.map((type) => [type.name, type]));
      const end = await daemon.stream((lines, missed) => {
        events.miss(missed);
        for (const line of lines) {
          const document = JSON.parse(line) as { type: string };
          const type = byName.get(document.type);
          if (type === undefined || (names !== undefined && !names.includes(type.name))) continue;
          if (condition === undefined || documentMatches(condition, type, document)) events.send('record', line);
        }
      });
      events.onClose(end);
      return reply;
    },
  );
}
