// Questions: queries as JSON or as events with partial answers, and the flows that are open.

import type { FastifyInstance } from 'fastify';
import type { Daemon } from '../daemon/daemon.ts';
import { FORMATS } from '../query/query.ts';
import { answer, growingAnswer, type QueryRequest } from './answer.ts';
import { EventStream } from './event-stream.ts';
import { LACKING, lackingField } from './lacking-header.ts';
import { listsSchema } from './lists.ts';
import { removeSnapshot, takeSnapshot } from './live-snapshots.ts';

const tags = ['query'];
const MOST_FLOWS = 100_000;

const body = {
  type: 'object',
  additionalProperties: false,
  properties: {
    columns: { type: 'string', description: 'sip,dport or talk_conv', examples: ['sip,dip,dport'] },
    condition: { type: 'string', examples: ['dport = 443 and proto = tcp'] },
    types: { type: 'array', items: { type: 'string' } },
    interfaces: { type: 'array', items: { type: 'string' } },
    first: { type: 'string', examples: ['-1h'] },
    last: { type: 'string' },
    sort: { type: 'string' },
    ascending: { type: 'boolean' },
    limit: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
    sum: { type: 'boolean' },
    in: { type: 'boolean' },
    out: { type: 'boolean' },
    timeResolution: { type: 'string' },
    isList: { type: 'boolean' },
    utc: { type: 'boolean' },
    lists: listsSchema,
    live: { type: 'boolean', description: 'open flows too' },
    format: { type: 'string', enum: [...FORMATS] },
  },
} as const;

export function queryRoutes(app: FastifyInstance, daemon: Daemon): void {
  const timeoutMs = () => daemon.config.daemon.api.query_timeout * 1000;

  app.post<{ Body: QueryRequest }>(
    '/api/query',
    {
      schema: {
        tags,
        summary: 'Ask as netscribe query does',
        description: `What the answer lacks, because files of the store can not be read, is in the header field ${LACKING}: a list of texts (RFC 9651).`,
        body,
      },
    },
    async (request, reply) => {
      const { format = 'json' } = request.body;
      const { text, lacking } = await answer(daemon, request.body, timeoutMs());
      if (lacking.length > 0) reply.header(LACKING, lackingField(lacking));
      return reply.type(format === 'json' ? 'application/json' : 'text/plain; charset=utf-8').send(text);
    },
  );

  app.post<{ Body: QueryRequest }>(
    '/api/query/stream',
    { schema: { tags, summary: 'The same as events: partialResult, finalResult, queryError, keepalive', body } },
    async (request, reply) => {
      const events = new EventStream(reply);
      try {
        for await (const { event, since, text } of growingAnswer(daemon, request.body, timeoutMs())) {
          if (events.isClosed) break;
          await events.sendWhole(event, `{"since":${JSON.stringify(since)},"result":${text.trim()}}`);
        }
      } catch (error) {
        const { message, rendered } = error as Error & { rendered?: string };
        await events.sendWhole('queryError', JSON.stringify({ error: message, rendered }));
      }
      events.end();
      return reply;
    },
  );

  app.post(
    '/api/snapshot',
    { schema: { tags, summary: 'Open flows as a folder in the store, for whoever reads the store itself' } },
    async () => {
      return takeSnapshot(daemon);
    },
  );
  app.delete<{ Params: { folder: string } }>(
    '/api/snapshot/:folder',
    { schema: { tags, summary: 'Remove it again' } },
    async ({ params }) => {
      removeSnapshot(daemon, params.folder);
      return { removed: true };
    },
  );

  app.get<{ Querystring: { limit?: number } }>(
    '/api/flows/live',
    {
      schema: {
        tags,
        summary: 'Open flows: what each saw since its last document',
        querystring: {
          type: 'object',
          additionalProperties: false,
          properties: { limit: { type: 'integer', minimum: 1, maximum: MOST_FLOWS, default: 1000 } },
        },
      },
    },
    async ({ query }, reply) => {
      const { documents, total } = await daemon.liveFlows(query.limit ?? 1000);
      return reply.type('application/json').send(`{"total":${total},"flows":[${documents.join(',')}]}`);
    },
  );
}
