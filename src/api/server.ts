// The HTTP API of the daemon. What it answers describes itself at /openapi.json.

import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Server as TlsServer } from 'node:tls';
import swagger from '@fastify/swagger';
import fastify, { type FastifyError, type FastifyInstance, type FastifySchemaValidationError } from 'fastify';
import type { DaemonConfig } from '../config/daemon-schema.ts';
import type { Daemon, Server } from '../daemon/daemon.ts';
import { VERSION } from '../version.ts';
import { type Address, parseAddress, tlsFor } from './address.ts';
import { ApiError, type GuardOptions, guard, tokenIn } from './guard.ts';
import { removeAllSnapshots } from './live-snapshots.ts';
import { controlRoutes } from './routes-control.ts';
import { queryRoutes } from './routes-query.ts';
import { streamRoutes } from './routes-stream.ts';

/** Lists of conditions may have some ten thousand addresses. */
const BODY_LIMIT = 4 * 1024 * 1024;
/** A request must be there as a whole within this: whoever sends a part of it and no more holds a connection. */
const REQUEST_TIMEOUT_MS = 60_000;

/** Where the token is unless the configuration says so. */
export function tokenFile({ api, store }: DaemonConfig): string {
  return api.token_file ?? join(store.directory, 'api.token');
}

/** Rejects with a UsageError for an address that can not be meant, an ApiError when it is taken. */
export async function startApi(daemon: Daemon, config: DaemonConfig): Promise<Server> {
  const address = parseAddress(config.api.address);
  const https = tlsFor(address, config.api);
  let allowed = guardOptions(config, address);
  if (daemon.store !== undefined) removeAllSnapshots(daemon.store);
  const app = fastify({
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // A word that is not known asks for something else than is answered: it is refused, not left out.
    ajv: { customOptions: { removeAdditional: false } },
    schemaErrorFormatter: ([error], part) => new ApiError(`${part}${wordsOf(error)}`),
    // Streams end with the server.
    forceCloseConnections: true,
    ...(https === undefined ? {} : { https }),
  }) as unknown as FastifyInstance;
  await app.register(swagger, {
    openapi: {
      info: {
        title: 'netscribe',
        version: VERSION,
        description: 'A running netscribe: state, configuration, queries.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
  });
  app.addHook('onRequest', async (request) => {
    guard(request, allowed);
  });
  app.setErrorHandler((error: FastifyError & { rendered?: string; retryAfterSeconds?: number }, _request, reply) => {
    const status = error.statusCode ?? statusOf(error.name);
    if (status === 401) reply.header('www-authenticate', 'Bearer');
    if (error.retryAfterSeconds !== undefined) reply.header('retry-after', error.retryAfterSeconds);
    return reply
      .status(status)
      .send({ error: error.message, ...(error.rendered === undefined ? {} : { rendered: error.rendered }) });
  });
  app.setNotFoundHandler((request, reply) =>
    reply.status(404).send({ error: `there is nothing at ${request.url}: /openapi.json lists what there is` }),
  );
  controlRoutes(app, daemon);
  queryRoutes(app, daemon);
  streamRoutes(app, daemon);
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  if (address.path !== '') await removeDeadSocket(address.path);
  try {
    await app.listen(address.path === '' ? { host: address.host, port: address.port } : { path: address.path });
  } catch (error) {
    await app.close();
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ApiError(
      code === 'EADDRINUSE'
        ? `api.address: ${config.api.address} is taken; is another netscribe running? Set api.address to another port`
        : `the API can not listen on ${config.api.address}: ${message}`,
    );
  }
  const listening = app.server.address();
  const port = typeof listening === 'object' && listening !== null ? listening.port : 0;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return {
    address:
      address.path === '' ? `${https === undefined ? 'http' : 'https'}://${host}:${port}` : `unix:${address.path}`,
    prepare: (renewed) => {
      const keys = tlsFor(address, renewed.api);
      const options = guardOptions(renewed, address);
      return () => {
        allowed = options;
        if (keys !== undefined && app.server instanceof TlsServer) app.server.setSecureContext(keys);
      };
    },
    close: () => app.close(),
  };
}

function guardOptions(config: DaemonConfig, { path, host }: Address): GuardOptions {
  const { hosts, origins } = config.api;
  // Where it listens is a name of ours; all addresses together are none.
  const own = ['0.0.0.0', '::'].includes(host) ? [] : [host.includes(':') ? `[${host}]` : host];
  return { token: tokenIn(tokenFile(config)), hosts: [...own, ...hosts], origins, checksHost: path === '' };
}

/** The socket of a daemon that was killed: nobody listens there any more. */
function removeDeadSocket(path: string): Promise<void> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve();
    });
    probe.once('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ECONNREFUSED') rmSync(path, { force: true });
      resolve();
    });
  });
}

/** What is wrong with a request, behind the part of it that is. */
function wordsOf({ keyword, params, instancePath, message = 'is not right' }: FastifySchemaValidationError): string {
  if (keyword === 'additionalProperties')
    return `${instancePath}: there is no '${params.additionalProperty}': /openapi.json lists what there is`;
  if (keyword === 'enum') return `${instancePath} must be one of ${(params.allowedValues as string[]).join(', ')}`;
  return `${instancePath} ${message}`;
}

function statusOf(name: string): number {
  if (name === 'RefusedError') return 409;
  if (name === 'UnavailableError') return 503;
  if (['ConditionError', 'QueryError', 'UsageError', 'ConfigError'].includes(name)) return 400;
  return 500;
}
