import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { chosenOption, commonOptions, wordsOption } from '../../src/protocols/common-options.ts';

const options = z.strictObject(commonOptions({ ports: [53], transactionTimeout: '10s' }));
const timeout = (transaction_timeout: unknown) => options.parse({ transaction_timeout }).transaction_timeout;

describe('options that all protocols have', () => {
  it('have presets', () => {
    expect(options.parse({})).toEqual({
      enabled: true,
      ports: [53],
      send_request: false,
      send_response: false,
      transaction_timeout: 10,
      fields: {},
      fields_under_root: false,
      tags: [],
      keep_null: false,
      map_to_ecs: false,
      monitor_processes: true,
      geoip_enrich: true,
      processors: [],
    });
  });
  it.each<[unknown, number]>([
    ['10s', 10],
    ['200ms', 0.2],
    ['1h30m', 5400],
    [' 2.5s ', 2.5],
    [7, 7],
    [0, 0],
  ])('transaction_timeout %j is %d seconds', (value, seconds) => expect(timeout(value)).toBeCloseTo(seconds));
  it.each(['10', 'soon', '-1s', '', -1, Number.NaN, null])('transaction_timeout %j is refused', (value) => {
    expect(() => timeout(value)).toThrow(/transaction_timeout/);
  });
  it('says how to write a duration', () => {
    expect(() => timeout('10 seconds')).toThrow(/write 10s, 200ms, 1h30m, or a number of seconds/);
  });
  it('ports: one or several, in range', () => {
    expect(options.parse({ ports: 5300 }).ports).toEqual([5300]);
    expect(options.parse({ ports: [53, 5300] }).ports).toEqual([53, 5300]);
    expect(options.parse({ ports: '53, 5300' }).ports).toEqual([53, 5300]);
    expect(() => options.parse({ ports: [0] })).toThrow();
    expect(() => options.parse({ ports: 65536 })).toThrow();
    expect(() => options.parse({ ports: '53,65536' })).toThrow();
    expect(() => options.parse({ ports: '53-55' })).toThrow(/write 80, or 80,8080/);
  });
  it('words: a list, or with commas', () => {
    const { words, hashes } = z
      .object({ words: wordsOption(), hashes: chosenOption(['sha1', 'md5'], ['sha1']) })
      .parse({ words: 'text, json', hashes: 'md5' });
    expect([words, hashes]).toEqual([['text', 'json'], ['md5']]);
    expect(wordsOption().parse(undefined)).toEqual([]);
    expect(chosenOption(['sha1', 'md5'], ['sha1']).parse(undefined)).toEqual(['sha1']);
    expect(chosenOption(['sha1', 'md5'], []).parse(['md5', 'sha1'])).toEqual(['md5', 'sha1']);
    expect(() => chosenOption(['sha1', 'md5'], []).parse('sha512')).toThrow(/sha1.*md5/);
  });
  it('unknown ones are refused', () => {
    expect(() => options.parse({ sendRequest: true })).toThrow(/sendRequest/);
  });
  it('every one is described', () => {
    for (const [name, option] of Object.entries(options.shape))
      expect([name, option.description]).not.toContain(undefined);
  });
});
