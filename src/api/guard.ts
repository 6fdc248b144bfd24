// Who may ask: somebody who has the token, under a name of this machine, and no web page of strangers. A browser on the same machine is
// not a friend: any page may send it here, so Host (DNS rebinding) and Origin are looked at before the token is.

import { randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { FastifyRequest } from 'fastify';

export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status. */
  readonly statusCode: number;
  constructor(message: string, statusCode = 400) {
    super(message);
    this.statusCode = statusCode;
  }
}

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]', 'ip6-localhost'];
/** Answered to everybody: they say nothing. */
const OPEN_PATHS = new Set(['/-/health', '/-/ready']);
const TOKEN_BYTES = 32;

export interface GuardOptions {
  token: string;
  /** Names besides those of loopback, as a request has them. */
  hosts: readonly string[];
  origins: readonly string[];
  /** A Unix socket has no name. */
  checksHost: boolean;
}

/** Throws an ApiError: 403 for a wrong name or page, 401 without the token. */
export function guard(request: FastifyRequest, { token, hosts, origins, checksHost }: GuardOptions): void {
  const { host, origin, authorization, 'sec-fetch-site': site } = request.headers;
  if (checksHost && !isOurName(host ?? '', hosts))
    throw new ApiError(`this is not ${host ?? 'a host without a name'}: add the name to api.hosts if it is`, 403);
  if (origin !== undefined && !origins.includes(origin) && !isOwnOrigin(origin, host))
    throw new ApiError(`pages of ${origin} may not ask: add it to api.origins if they may`, 403);
  if (origin === undefined && site !== undefined && site !== 'same-origin' && site !== 'none')
    throw new ApiError('pages of other sites may not ask', 403);
  if (OPEN_PATHS.has(request.url)) return;
  const given = /^Bearer +(.+)$/i.exec(authorization ?? '')?.[1];
  if (given === undefined || !isSame(given, token))
    throw new ApiError('the token is missing or wrong: send it as Authorization: Bearer TOKEN', 401);
}

/** The token in the file, made when it is not there: for its owner alone. */
export function tokenIn(file: string): string {
  try {
    const token = readFileSync(file, 'utf8').trim();
    if (token.length < TOKEN_BYTES)
      throw new ApiError(
        `the token in ${file} is shorter than ${TOKEN_BYTES} characters: remove the file to get a new one`,
      );
    return token;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const token = randomBytes(TOKEN_BYTES).toString('hex');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${token}\n`, { mode: 0o600, flag: 'wx' });
  chmodSync(file, 0o600);
  return token;
}

function isOurName(host: string, hosts: readonly string[]): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return LOOPBACK_NAMES.includes(name) || hosts.some((one) => one.toLowerCase() === name);
}

function isOwnOrigin(origin: string, host: string | undefined): boolean {
  return host !== undefined && (origin === `http://${host}` || origin === `https://${host}`);
}

function isSame(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
