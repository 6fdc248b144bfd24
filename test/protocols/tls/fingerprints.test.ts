// JA4 as its authors publish it: the example of "JA4 Technical Details" (FoxIO, technical_details/JA4.md), a browser's hello.

import { expect, it } from 'vitest';
import { ja4 } from '../../../src/protocols/tls/fingerprints.ts';
import { parseHello } from '../../../src/protocols/tls/hello.ts';
import { alpn, clientHello, extension, groups, serverName, signatures, u16, vector8 } from './build.ts';

const CIPHERS = [
  0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f,
  0x0035,
];
const EXTENSIONS = [
  extension(0x001b),
  serverName('example.org'),
  extension(0x0033),
  alpn('h2', 'http/1.1'),
  extension(0x4469),
  extension(0x0017),
  extension(0x002d),
  signatures(0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601),
  extension(0x0005),
  extension(0x0023),
  extension(0x0012),
  extension(0x002b, vector8(u16(0x6a6a), u16(0x0304), u16(0x0303))),
  extension(0xff01),
  extension(0x000b),
  groups(29, 23, 24),
  extension(0x0015),
];
const ja4Of = (ciphers: number[], extensions: Uint8Array[], transport: 't' | 'q' = 't') => {
  const message = clientHello({ ciphers, extensions });
  return ja4(parseHello(message, 4, message.length, true, true), transport);
};

it('is that of the published example', () => {
  expect(ja4Of(CIPHERS, EXTENSIONS)).toBe('t13d1516h2_8daaf6152771_e5627efa2ab1');
});
it('does not see GREASE, nor the order of suites and extensions', () => {
  const noisy = [extension(0x0a0a), ...EXTENSIONS.toReversed(), extension(0x1a1a)];
  expect(ja4Of([0x2a2a, ...CIPHERS.toReversed()], noisy)).toBe('t13d1516h2_8daaf6152771_e5627efa2ab1');
});
it('says what carried it, and what is missing', () => {
  expect(ja4Of([0x1301, 0x1302, 0x1303], [], 'q')).toBe('q12i030000_55b375c5d22e_000000000000');
});

it('is what browserleaks.com tells Chrome 143 of its hello', () => {
  const list = (words: string) => words.split(',').map((word) => Number.parseInt(word, 16));
  const suites = list('1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035');
  const types = list('002d,0033,0010,fe0d,0017,44cd,0000,000b,000a,002b,ff01,0023,0012,0005,000d,001b');
  const bodies = new Map([
    [0x0000, serverName('tls.browserleaks.com')],
    [0x0010, alpn('h2', 'http/1.1')],
    [0x002b, extension(0x002b, vector8(u16(0x0304), u16(0x0303)))],
    [0x000d, signatures(0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601)],
  ]);
  const hello = types.map((type) => bodies.get(type) ?? extension(type));
  expect(ja4Of(suites, hello)).toBe('t13d1516h2_8daaf6152771_d8a2da3f94cd');
});
