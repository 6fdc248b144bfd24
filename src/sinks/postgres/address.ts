// Where the database is: postgres://USER:PASSWORD@HOST:PORT/DATABASE?options, and what that leaves out from the PG… variables, as libpq has
// it ("Connection URIs" and "Environment Variables" in PostgreSQL's manual). Words may be percent-encoded, and need not be: the last @
// before the host ends the user's part, so a password may hold any character.

import { userInfo } from 'node:os';
import { SinkUsageError } from '../sink.ts';

export const LAYOUTS = ['netscribe', 'tcp-audit'] as const;
export const PARTITIONS = ['month', 'day', 'none'] as const;
const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];
const OPTIONS = ['schema', 'layout', 'partition', 'spill', 'sslmode', 'host', 'port', 'user', 'password', 'dbname'];
const DEFAULT_PORT = 5432;

export interface PostgresAddress {
  /** Host name, address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  readonly sslMode: string;
  /** Schema of the tables. */
  readonly schema: string;
  readonly layout: (typeof LAYOUTS)[number];
  /** What one partition of a table spans. */
  readonly partition: (typeof PARTITIONS)[number];
  /** Folder for what waits while the database is away. */
  readonly spill: string;
  /** The same without secrets, for messages. */
  readonly shown: string;
}

export function isPostgres(spec: string): boolean {
  return /^postgres(ql)?:/.test(spec);
}

/** Throws SinkError. */
export function postgresAddress(spec: string, env: Readonly<Record<string, string | undefined>>): PostgresAddress {
  const rest = spec.replace(/^postgres(ql)?:(\/\/)?/, '');
  const { main, options } = splitOptions(rest);
  const at = main.lastIndexOf('@');
  const slash = main.indexOf('/', at + 1);
  const place = slash < 0 ? main.slice(at + 1) : main.slice(at + 1, slash);
  const [user, password] = at < 0 ? [undefined, undefined] : credentials(main.slice(0, at));
  const { host, port } = hostAndPort(decoded(place));
  const database = options.get('dbname') ?? (slash < 0 ? '' : decoded(main.slice(slash + 1)));
  const name = options.get('user') ?? user ?? env.PGUSER ?? userInfo().username;
  const portText = options.get('port') ?? (port === '' ? env.PGPORT : port) ?? String(DEFAULT_PORT);
  const address = {
    host: options.get('host') ?? (host === '' ? (env.PGHOST ?? 'localhost') : host),
    port: Number(portText),
    user: name,
    password: options.get('password') ?? password ?? env.PGPASSWORD,
    database: database === '' ? (env.PGDATABASE ?? name) : database,
    sslMode: oneOf('sslmode', options.get('sslmode') ?? env.PGSSLMODE ?? 'prefer', SSL_MODES),
    schema: options.get('schema') ?? 'public',
    layout: oneOf('layout', options.get('layout') ?? 'netscribe', LAYOUTS),
    partition: oneOf('partition', options.get('partition') ?? 'month', PARTITIONS),
    spill: options.get('spill') ?? 'netscribe-spill',
  };
  if (!Number.isInteger(address.port) || address.port < 1 || address.port > 65_535)
    throw new SinkUsageError(`a port of PostgreSQL is a number from 1 to 65535, not '${portText}'`);
  return { ...address, shown: `postgres://${address.user}@${address.host}:${address.port}/${address.database}` };
}

/** Options stand behind a ? that is followed by one of their names: a password may hold a ? too. */
function splitOptions(text: string): { main: string; options: Map<string, string> } {
  const options = new Map<string, string>();
  for (let mark = text.lastIndexOf('?'); mark >= 0; mark = text.lastIndexOf('?', mark - 1)) {
    const after = text.slice(mark + 1);
    if (!after.includes('@') || OPTIONS.some((name) => after.startsWith(`${name}=`))) {
      for (const [name, value] of new URLSearchParams(after)) {
        if (!OPTIONS.includes(name))
          throw new SinkUsageError(`postgres has no option '${name}'; there are ${OPTIONS.join(', ')}`);
        options.set(name, value);
      }
      return { main: text.slice(0, mark), options };
    }
    if (mark === 0) break;
  }
  return { main: text, options };
}

function credentials(text: string): [string, string | undefined] {
  const colon = text.indexOf(':');
  return colon < 0 ? [decoded(text), undefined] : [decoded(text.slice(0, colon)), decoded(text.slice(colon + 1))];
}

function hostAndPort(text: string): { host: string; port: string } {
  const match = /^\[([^\]]*)\](?::(.*))?$/.exec(text) ?? /^([^:]*)(?::(.*))?$/.exec(text);
  // More than one colon and no brackets: an IPv6 address.
  return match === null ? { host: text, port: '' } : { host: match[1], port: match[2] ?? '' };
}

/** A % that begins no escape stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function oneOf<Word extends string>(name: string, text: string, words: readonly Word[]): Word {
  if (!words.includes(text as Word))
    throw new SinkUsageError(`postgres's option ${name} is one of ${words.join(', ')}, not '${text}'`);
  return text as Word;
}
