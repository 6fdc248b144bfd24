import { isIP } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Address } from '../../src/records/address.ts';
import { parseAddress } from '../../src/records/parse-address.ts';
import fc, { often } from '../kit/arbitrary.ts';

const word = fc.integer({ min: 0, max: 0xffffffff });
/** Words with many zero bits, so that `::` stands in every place. */
const sparse = fc.oneof(word, fc.constantFrom(0, 0, 0, 1, 0xffff, 0x10000, 0xffff0000));

describe('parseAddress', () => {
  it.each([
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['192.0.2.1', '192.0.2.1'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'],
  ])('%s', (text, canonical) => {
    expect(String(parseAddress(text))).toBe(canonical);
  });

  // biome-ignore format: a table
  it.each([
    '', '.', '1', '1.2.3', '1.2.3.4.5', '1.2.3.', '.1.2.3', '1..2.3', '01.2.3.4', '1.2.3.04', '256.1.1.1', '1.2.3.4 ', ' 1.2.3.4',
    '0x1.2.3.4', ':', ':::', '1:', ':1', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1::2::3', '1:2:3:4:5:6:7:8::', '::1:2:3:4:5:6:7:8',
    '12345::', '::g', 'fe80::1%eth0', '::1.2.3', '::1.2.3.4:5', '1:2:3:4:5:6:7:1.2.3.4', '[::1]', '1.2.3.4:80', '::ffff:1.2.3.256',
    '::ffff:01.2.3.4', '0'.repeat(1000), '::a.2.3.4',
  ])('refuses %j', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it('reads back what Address writes', () => {
    fc.assert(
      fc.property(sparse, sparse, sparse, sparse, (a, b, c, d) => {
        const v6 = new Address().setV6(a, b, c, d);
        expect(parseAddress(String(v6))).toEqual(v6);
        const v4 = new Address().setV4(d);
        expect(parseAddress(String(v4))).toEqual(v4);
      }),
    );
  });

  it('agrees with URL on the value of what it takes', () => {
    fc.assert(
      fc.property(sparse, sparse, sparse, sparse, (a, b, c, d) => {
        const text = String(new Address().setV6(a, b, c, d));
        const host = new URL(`http://[${text}]/`).hostname.slice(1, -1);
        expect(parseAddress(host)).toEqual(parseAddress(text));
      }),
    );
  });

  it('accepts exactly what node:net accepts', () => {
    const piece = fc.constantFrom(
      ':',
      '::',
      '.',
      '0',
      '1',
      'ffff',
      'abcd',
      '255',
      '256',
      '1.2.3.4',
      '01',
      'g',
      '10000',
      '7',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 18 }), (pieces) => {
        const text = pieces.join('');
        const parsed = parseAddress(text);
        expect([text, parsed === undefined ? 0 : parsed.v6 ? 6 : 4]).toEqual([text, isIP(text)]);
      }),
      { numRuns: often(3000) },
    );
  });
});
