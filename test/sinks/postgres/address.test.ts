// Where records for PostgreSQL go: URLs with any characters, and the PG… variables.

import { describe, expect, it } from 'vitest';
import { isPostgres, postgresAddress } from '../../../src/sinks/postgres/address.ts';

const env = { PGUSER: 'env', PGHOST: 'db.example', PGPORT: '6432', PGDATABASE: 'audit', PGPASSWORD: 'from env' };

describe('the address of a database', () => {
  it.each([
    ['postgres://', { host: 'db.example', port: 6432, user: 'env', password: 'from env', database: 'audit' }],
    ['postgresql://h', { host: 'h', port: 6432, user: 'env', database: 'audit' }],
    ['postgres://u:p@h:1/d', { host: 'h', port: 1, user: 'u', password: 'p', database: 'd' }],
    ['postgres://u:p%40%2F%3F%25@h/d', { user: 'u', password: 'p@/?%', host: 'h', database: 'd' }],
    ['postgres://u:p@/?#:%zz@h/d', { user: 'u', password: 'p@/?#:%zz', host: 'h', database: 'd' }],
    ['postgres://u:@h/d?schema=net&partition=day', { password: '', schema: 'net', partition: 'day' }],
    ['postgres://u@[::1]:5433/d', { host: '::1', port: 5433 }],
    ['postgres://u@%2Fvar%2Frun%2Fpostgresql/d', { host: '/var/run/postgresql', database: 'd' }],
    ['postgres:///d?host=/tmp&user=x', { host: '/tmp', user: 'x', database: 'd' }],
    ['postgres://u:a?b@h/d?layout=tcp-audit', { password: 'a?b', layout: 'tcp-audit' }],
  ])('%s', (spec, expected) => {
    expect(isPostgres(spec)).toBe(true);
    expect(postgresAddress(spec, env)).toMatchObject(expected);
  });

  it('needs nothing but defaults', () => {
    expect(postgresAddress('postgres://u@', {})).toMatchObject({
      host: 'localhost',
      port: 5432,
      user: 'u',
      database: 'u',
    });
  });

  it('never shows the password', () => {
    expect(postgresAddress('postgres://u:hidden@h/d', {}).shown).toBe('postgres://u@h:5432/d');
  });

  it.each([
    ['postgres://h:x/d', "a port of PostgreSQL is a number from 1 to 65535, not 'x'"],
    ['postgres://h/d?layuot=x', "postgres has no option 'layuot'"],
    ['postgres://h/d?layout=x', "postgres's option layout is one of netscribe, tcp-audit, not 'x'"],
  ])('%s is refused', (spec, message) => {
    expect(() => postgresAddress(spec, {})).toThrow(message);
  });
});
