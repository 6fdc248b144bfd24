// State and control: health, status, configuration, write-outs, metrics.

import type { FastifyInstance } from 'fastify';
import { parseInterfaces } from '../config/interfaces.ts';
import type { Daemon } from '../daemon/daemon.ts';

const anything = { type: 'object', additionalProperties: true } as const;
const tags = ['control'];

export function controlRoutes(app: FastifyInstance, daemon: Daemon): void {
  app.get('/-/health', { schema: { tags, summary: 'The process lives', security: [] } }, async () => ({ ok: true }));
  app.get('/-/ready', { schema: { tags, summary: 'Packets are captured', security: [] } }, async (_request, reply) => {
    const { interfaces } = await daemon.status();
    const ready = Object.values(interfaces).some(({ state }) => state === 'capturing');
    return reply.status(ready ? 200 : 503).send({ ready });
  });

  app.get<{ Querystring: { iface?: string } }>(
    '/api/status',
    {
      schema: {
        tags,
        summary: 'What is captured, what was counted',
        querystring: {
          type: 'object',
          additionalProperties: false,
          properties: { iface: { type: 'string', description: 'only these, with commas' } },
        },
        response: { 200: anything },
      },
    },
    async ({ query }) => {
      const status = await daemon.status();
      if (query.iface === undefined) return status;
      const names = new Set(query.iface.split(','));
      return {
        ...status,
        interfaces: Object.fromEntries(Object.entries(status.interfaces).filter(([name]) => names.has(name))),
      };
    },
  );

  app.get(
    '/api/config',
    { schema: { tags, summary: 'The configuration in effect', response: { 200: anything } } },
    async () => ({
      config: daemon.config.effective,
      interfaces: await daemon.interfaceConfig(),
    }),
  );
  app.put(
    '/api/config/interfaces',
    {
      schema: {
        tags,
        summary: 'Capture exactly these interfaces until the next reload',
        body: { type: 'object', description: 'as capture.interfaces in netscribe.yml', additionalProperties: true },
        response: { 200: anything },
      },
    },
    async ({ body }) => daemon.update({ interfaces: parseInterfaces(body) }),
  );
  app.post(
    '/api/config/reload',
    { schema: { tags, summary: 'Read the configuration file again', response: { 200: anything } } },
    async () => daemon.reload(),
  );
  app.post(
    '/api/writeout',
    { schema: { tags, summary: 'Make what was recorded visible to queries now', response: { 200: anything } } },
    async () => daemon.writeOut(),
  );

  if (!daemon.config.daemon.api.metrics) return;
  app.get(
    '/metrics',
    { schema: { tags, summary: 'For Prometheus', produces: ['text/plain'] } },
    async (_request, reply) =>
      reply.header('content-type', daemon.registry.contentType).send(await daemon.engineMetrics.text()),
  );
}
