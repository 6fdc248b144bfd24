// How commands talk to a running daemon: over its API, with the token that lies beside its store.

import { readFileSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Command } from 'commander';
import { isLoopback, parseAddress } from '../api/address.ts';
import { tokenFile } from '../api/server.ts';
import { loadConfig } from '../config/load.ts';
import { UsageError } from '../config/usage-error.ts';

export interface ClientOptions {
  config?: string;
  api?: string;
  token?: string;
  cert?: string;
  key?: string;
  ca?: string;
}

/** The daemon can not be asked: it does not run, or does not know us. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
}

export function withClientOptions(command: Command): Command {
  return command
    .option('-c, --config <file>', "the daemon's netscribe.yml")
    .option('--api <address>', 'where the daemon listens: HOST:PORT or unix:/PATH (default: as the configuration says)')
    .option('--token <file>', 'file with the token (default: api.token in the store)')
    .option('--cert <file>', 'certificate of this client, where the API asks for one (PEM)')
    .option('--key <file>', 'its key (PEM)')
    .option('--ca <file>', "who signed the daemon's certificate (PEM)");
}

/** Asks the daemon. Rejects with a ClientError in words for people. */
export async function ask(options: ClientOptions, method: string, path: string, body?: unknown): Promise<string> {
  return textOf(await send(options, method, path, body));
}

/**
 * `body` undefined: there is nothing to send. Gives each event of a stream to `hear`, until that says false: true then, false when the daemon has ended the stream. Rejects with a
 * ClientError, or with what `hear` throws.
 */
export async function listen(
  options: ClientOptions,
  path: string,
  body: unknown,
  hear: (event: string, data: string) => boolean,
): Promise<boolean> {
  const response = await send(options, body === undefined ? 'GET' : 'POST', path, body);
  let rest = '';
  try {
    for await (const part of response.setEncoding('utf8')) {
      const events = (rest + part).split('\n\n');
      rest = events.pop()!;
      for (const text of events) {
        const { event, data } = /^event: (?<event>.*)\ndata: (?<data>.*)$/.exec(text)?.groups ?? {};
        if (event !== undefined && !hear(event, data)) return true;
      }
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
  } finally {
    response.destroy();
  }
  return false;
}

/** The answer of the daemon as it begins. Rejects with a ClientError when it is none, or a refusal. */
async function send(options: ClientOptions, method: string, path: string, body?: unknown): Promise<IncomingMessage> {
  const { daemon } = loadConfig(options.config, []);
  const text = options.api ?? daemon.api.address;
  const address = parseAddress(text);
  const file = options.token ?? tokenFile(daemon);
  let token: string;
  try {
    token = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new ClientError(
      `the token ${file} cannot be read (${(error as NodeJS.ErrnoException).code}): start 'netscribe run' here, or name it with --token`,
    );
  }
  const isTls = options.cert !== undefined || daemon.api.tls !== undefined;
  if (!isLoopback(address) && !isTls) throw new UsageError(`${text} wants a certificate: --cert, --key and --ca`);
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = (isTls ? httpsRequest : httpRequest)(
      {
        ...(address.path === '' ? { host: address.host, port: address.port } : { socketPath: address.path }),
        method,
        path,
        headers: {
          authorization: `Bearer ${token}`,
          ...(payload === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
        },
        ...(isTls ? keys(options) : {}),
      },
      resolve,
    );
    request.on('error', reject);
    request.end(payload);
  }).catch((error: NodeJS.ErrnoException) => {
    throw new ClientError(
      error.code === 'ECONNREFUSED' || error.code === 'ENOENT'
        ? `no daemon answers at ${text}: start one with 'netscribe run', or name its address with --api`
        : `the daemon at ${text} cannot be asked: ${error.message}`,
    );
  });
  const { statusCode = 0 } = response;
  if (statusCode < 400) return response;
  const { error, rendered } = parsed(await textOf(response));
  throw new ClientError(rendered ?? error ?? `the daemon answered ${statusCode}`);
}

async function textOf(response: IncomingMessage): Promise<string> {
  try {
    return Buffer.concat(await response.toArray()).toString();
  } catch (error) {
    throw new ClientError(`the daemon ended before its answer did: ${(error as Error).message}`);
  }
}

function keys({ cert, key, ca }: ClientOptions) {
  const read = (file: string | undefined) => (file === undefined ? undefined : readFileSync(file));
  return { cert: read(cert), key: read(key), ca: read(ca) };
}

function parsed(text: string): { error?: string; rendered?: string } {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
