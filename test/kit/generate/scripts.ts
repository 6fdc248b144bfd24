// Conversations of the protocols that are analysed, for traffic of any size: TLS 1.2 and 1.3 with certificates, STARTTLS, SOCKS, QUIC,
// DHCP for IPv4 and IPv6.

import { seeds as dhcpv4Seeds } from '../../protocols/dhcpv4/seeds.ts';
import { seeds as dhcpv6Seeds } from '../../protocols/dhcpv6/seeds.ts';
import { crypto, initial, PADDING, SHORT } from '../../protocols/quic/build.ts';
import { CONNECTED, hex } from '../../protocols/socks/seeds.ts';
import { BEGINNINGS } from '../../protocols/starttls/seeds.ts';
import {
  alpn,
  CHANGE_CIPHER_SPEC,
  certificate,
  certificates,
  clientHello,
  encrypted,
  extension,
  FINISHED,
  groups,
  HELLO_DONE,
  join,
  KEY_EXCHANGE,
  message,
  record,
  serverHello,
  serverName,
  signatures,
  u8,
  u16,
  vector8,
  vector16,
} from '../../protocols/tls/build.ts';
import type { Script } from './conversations.ts';

const NAMES = 100;
const RANDOM_AT = 5 + 4 + 2;
const RANDOM_OCTETS = 32;
const DHCP_ID_AT = 4;
const DHCP_MAC_AT = 31;
const DHCPV6_ID_AT = 1;

const HTTP = [
  ['>', Buffer.from('GET /index.html HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: bench\r\n\r\n')],
  ['<', Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello')],
] as const;

/** As a browser of today sends it, a little over 500 octets. */
function hello(name: string, session: Uint8Array): Buffer {
  return clientHello({
    session,
    ciphers: [
      0x2a2a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x9c, 0x9d,
    ],
    extensions: [
      extension(0x3a3a),
      serverName(name),
      extension(23),
      extension(0xff01, u8(0)),
      groups(0x4a4a, 29, 23, 24),
      extension(11, vector8(u8(0))),
      extension(35),
      alpn('h2', 'http/1.1'),
      extension(5, u8(1), u16(0), u16(0)),
      signatures(0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601),
      extension(18),
      extension(51, vector16(u16(29), vector16(Buffer.alloc(32, 0x66)))),
      extension(45, vector8(u8(1))),
      extension(43, vector8(u16(0x5a5a), u16(0x0304), u16(0x0303))),
      extension(21, Buffer.alloc(120)),
    ],
  });
}

function tls13(name: string): Script['steps'] {
  const session = Buffer.alloc(32, 7);
  const answer = serverHello({
    session,
    ciphers: [0x1301],
    extensions: [extension(51, u16(29), vector16(Buffer.alloc(32, 0x77))), extension(43, u16(0x0304))],
  });
  return [
    ['>', record(22, hello(name, session))],
    ['<', join(record(22, answer), CHANGE_CIPHER_SPEC, encrypted(40), encrypted(2600), encrypted(280), encrypted(70))],
    ['>', join(CHANGE_CIPHER_SPEC, encrypted(53), encrypted(220))],
    ['<', encrypted(1100)],
  ];
}

function tls12(name: string): Script['steps'] {
  const answer = serverHello({ ciphers: [0xc02f], extensions: [extension(0xff01, u8(0)), extension(35), alpn('h2')] });
  const chain = certificates(
    certificate({ subject: name, names: [name, `www.${name}`] }),
    certificate({ subject: 'Test CA', issuer: 'Test Root' }),
  );
  return [
    ['>', record(22, hello(name, new Uint8Array(0)))],
    ['<', join(record(22, answer), record(22, chain), record(22, KEY_EXCHANGE, HELLO_DONE))],
    ['>', join(record(22, message(16, Buffer.alloc(66))), CHANGE_CIPHER_SPEC, FINISHED)],
    ['<', join(record(22, message(4, Buffer.alloc(180))), CHANGE_CIPHER_SPEC, FINISHED)],
    ['>', encrypted(220)],
    ['<', encrypted(1100)],
  ];
}

/** Behind `steps` of something else. */
const randoms = (steps: number) => [0, 1].map((step) => ({ step: step + steps, at: RANDOM_AT, octets: RANDOM_OCTETS }));

/** Two of TLS 1.3 for each of TLS 1.2. */
export const TLS_SCRIPTS: readonly Script[] = Array.from({ length: NAMES }, (_, i): Script => {
  const name = `host${i}.example`;
  return { transport: 'tcp', port: 443, steps: i % 3 === 0 ? tls12(name) : tls13(name), fresh: randoms(0) };
});

const STARTTLS_PORTS: Readonly<Record<string, number>> = {
  smtp: 25,
  imap: 143,
  pop3: 110,
  ldap: 389,
  postgresql: 5432,
  mysql: 3306,
};
const STARTTLS_SCRIPTS = Object.entries(STARTTLS_PORTS).map(([name, port]): Script => {
  const before = BEGINNINGS[name];
  return { transport: 'tcp', port, steps: [...before, ...tls13(`${name}.example`)], fresh: randoms(before.length) };
});

const SOCKS_SCRIPTS = ['SOCKS 5', 'SOCKS 4A'].map((name): Script => {
  const before = CONNECTED[name].map(([side, bytes]) => [side, hex(bytes)] as const);
  return { transport: 'tcp', port: 1080, steps: [...before, ...HTTP] };
});

const QUIC_HELLO = hello('quic.example', new Uint8Array(0));
const QUIC_SCRIPT: Script = {
  transport: 'udp',
  port: 443,
  steps: [
    ['>', initial(join(crypto(0, QUIC_HELLO), PADDING(1100 - QUIC_HELLO.length)))],
    ['<', initial(join(crypto(0, tls13Answer()), PADDING(900)), { side: 1, destination: u8(9), source: u8(7) })],
    ['>', SHORT],
    ['<', SHORT],
  ],
};

function tls13Answer(): Buffer {
  return serverHello({ ciphers: [0x1301], extensions: [extension(43, u16(0x0304))] });
}

const sides = (seed: (typeof dhcpv4Seeds)[number]) =>
  seed.steps.map(({ direction, bytes }) => ['><'[direction] as '>' | '<', bytes] as const);
const DHCP_SCRIPTS = dhcpv4Seeds.map(
  (seed): Script => ({
    transport: 'udp',
    port: 67,
    clientPort: 68,
    steps: sides(seed),
    fresh: seed.steps.flatMap((_, step) => [
      { step, at: DHCP_ID_AT, octets: 4 },
      { step, at: DHCP_MAC_AT, octets: 3 },
    ]),
  }),
);
const DHCPV6_SCRIPTS = dhcpv6Seeds.slice(0, 1).map(
  (seed): Script => ({
    transport: 'udp',
    port: 547,
    clientPort: 546,
    steps: sides(seed),
    fresh: seed.steps.map((_, step) => ({ step, at: DHCPV6_ID_AT, octets: 3 })),
  }),
);

/** Every protocol that has no generator of its own, about as often as a network shows it. */
export const OTHER_SCRIPTS: readonly Script[] = [
  ...TLS_SCRIPTS.slice(0, 40),
  ...STARTTLS_SCRIPTS,
  ...SOCKS_SCRIPTS,
  ...new Array<Script>(16).fill(QUIC_SCRIPT),
  ...DHCP_SCRIPTS,
  ...DHCPV6_SCRIPTS,
];
