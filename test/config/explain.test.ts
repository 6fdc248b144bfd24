// A configuration that is not right is told so that it can be put right.

import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';

const said = (...settings: string[]): string => {
  try {
    loadConfig(undefined, settings);
    return '';
  } catch (error) {
    return (error as Error).message.split('\n  ').slice(1).join('; ');
  }
};

describe('names that there are not', () => {
  test.each([
    ['captur.records=[flow]', "the file: there is no 'captur': did you mean 'capture'?"],
    ['capture.interfaces.eth0.promsic=true', "capture.interfaces.eth0: there is no 'promsic': did you mean 'promisc'?"],
    ['capture.interfaces.eth0.ring_buffer.blocks=4', /^capture\.interfaces\.eth0\.ring_buffer: there is no 'blocks'/],
    ['store.retention.sice=1G', "store.retention: there is no 'sice': did you mean 'size'?"],
    ['protocols.dns.prots=[53]', "protocols.dns: there is no 'prots': did you mean 'ports'?"],
    ['interfaces.eth0=', "the file: there is no 'interfaces' here: did you mean capture.interfaces?"],
    ['retention.age=7d', "the file: there is no 'retention' here: did you mean store.retention?"],
    ['flows.half_open=10s', "flows: there is no 'half_open' here: did you mean tcp.half_open?"],
    ['api.password=x', /^api: there is no 'password'; there are enabled, address, /],
  ])('%s', (setting, expected) => {
    if (typeof expected === 'string') expect(said(setting)).toBe(expected);
    else expect(said(setting)).toMatch(expected);
  });
});

test('a list where names belong', () => {
  expect(said('capture.interfaces=[eth0]')).toBe(
    'capture.interfaces: here stand names, each with a colon and what is set for it (eth0: or eth0: { promisc: true }), not a list',
  );
});

test('values of another kind', () => {
  expect(said('protocols.dns.enabled=yes')).toBe('protocols.dns.enabled: write true or false, not a text');
  expect(said('protocols.http.split_cookie=1')).toBe('protocols.http.split_cookie: write true or false, not a number');
  expect(said('protocols.http.max_message_size=1500.5')).toBe(
    'protocols.http.max_message_size: write a whole number, not a number',
  );
  expect(said('protocols.http.keep_null=')).toBe('protocols.http.keep_null: write true or false, not nothing');
  expect(said('protocols.http.fields=x')).toBe(
    'protocols.http.fields: here stand names, each with a colon and what is set for it (name: value), not a text',
  );
});

test('times and sizes out of bounds, and words of filters', () => {
  expect(said('api.query_timeout=30d')).toBe('api.query_timeout: write 24d at most');
  expect(said('api.query_timeout=0')).toBe('api.query_timeout: without time nothing is answered: write 60s');
  expect(said('stop_timeout=600h')).toBe('stop_timeout: write 24d at most');
  expect(said('tcp_state.buffer=1kB')).toBe('tcp_state.buffer: write 64KiB to 256MiB, or 0');
  expect(said('tcp_state.buffer=1TB')).toBe('tcp_state.buffer: write 64KiB to 256MiB, or 0');
  expect(said('tcp_state.port=http')).toBe("tcp_state.port: 'http' is no port: write 443, or 8000-8999");
  expect(said('tcp_state.net=10/8')).toMatch(/^tcp_state\.net: '10\/8' is no network/);
  expect(said('tcp_state.state=OPEN')).toMatch(/^tcp_state\.state: there is no state 'OPEN' \(there are /);
  expect(said('tcp_state.uid=root')).toBe("tcp_state.uid: 'root' is no user");
  expect(said('tcp_state.command=""')).toBe('tcp_state.command: it is empty: leave it out');
  // Whether it is there is looked at when the daemon starts.
  expect(said('tcp_state.netns=later', 'tcp_state.port=443', 'tcp_state.buffer=1MiB')).toBe('');
});

test('values that may be of more than one kind', () => {
  expect(said('flows.interval=[5]')).toBe('flows.interval: write a number or a text, not a list');
  expect(said('store.retention.size=')).toBe('store.retention.size: write a number or a text, not nothing');
  expect(said('protocols.dns.ports=[53,70000]')).toBe('protocols.dns.ports.1: Too big: expected number to be <=65535');
  expect(said('protocols.dns.ports=-1')).toBe('protocols.dns.ports: Too small: expected number to be >=1');
  expect(said('flows.tags={}')).toBe('flows.tags: write a text or a list, not names with values');
  expect(said('flows.processors=[{drop: 1}]')).toBe(
    "flows.processors.0: there is no 'drop': did you mean 'drop_fields'?",
  );
});

test('interfaces that are named and shall be detected', () => {
  expect(said('capture.interfaces.eth0.promisc=true', 'capture.autodetection.enabled=true')).toMatch(
    /^capture\.autodetection\.enabled: interfaces are either named or detected/,
  );
  expect(said('capture.interfaces.eth0.promisc=true', 'capture.autodetection.enabled=false')).toBe('');
});

test('values that can not be', () => {
  expect(said('workers=0')).toMatch(/^workers: /);
  expect(said('flows.interval=5x')).toMatch(/^flows\.interval: "5x" is no duration/);
});
