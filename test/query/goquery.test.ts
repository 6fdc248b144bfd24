// What goQuery's help promises: layouts of times, spellings of conditions, query types. Facts from its documentation.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  compileCondition,
  createVocabulary,
  isoTime,
  parseCondition,
  parseTime,
  planQuery,
  renderCondition,
  splitWords,
} from '../../src/query/query.ts';
import { type Fixture, openFixture, TYPES } from './fixture.ts';

const NOW = 1795255200000000000n; // 2026-11-21T10:00:00Z
const vocabulary = createVocabulary(TYPES, { nowNs: NOW, isUtc: true });

describe('times', () => {
  const read = (text: string) => {
    const found = parseTime(text, { nowNs: NOW, isUtc: true });
    return found === undefined ? undefined : isoTime(found.ns).replace('.000000000', '');
  };

  /** Layouts with every way to write day, month and year, each with and without seconds and zone. */
  const days = ['2026-03-07', '26-03-07', '07-03-2026', '07.03.2026', '07.03.26', '7.3.26', '7.3.2026'];
  const more = ['07.3.2026', '7.03.2026', '07.3.26', '7.03.26'];
  it.each([...days, ...more])('%s', (day) => {
    expect(read(`${day} 15:04:05`)).toBe('2026-03-07T15:04:05Z');
    expect(read(`${day} 15:04`)).toBe('2026-03-07T15:04:00Z');
    expect(read(`${day} 15:04:05 -0700`)).toBe('2026-03-07T22:04:05Z');
    expect(read(`${day} 15:04 +0430`)).toBe('2026-03-07T10:34:00Z');
    expect(read(`${day} +1000`)).toBe('2026-03-06T14:00:00Z');
    expect(read(day)).toBe('2026-03-07T00:00:00Z');
  });

  it.each([
    ['1772895845', '2026-03-07T15:04:05Z'],
    ['Sat Mar  7 15:04:05 2026', '2026-03-07T15:04:05Z'],
    ['Sat Mar 07 15:04:05 -0700 2026', '2026-03-07T22:04:05Z'],
    ['07 Mar 26 15:04 -0700', '2026-03-07T22:04:00Z'],
    ['Sat, 07 Mar 2026 15:04:05 -0700', '2026-03-07T22:04:05Z'],
    ['2026-03-07T15:04:05+07:00', '2026-03-07T08:04:05Z'],
    ['2026-03-07T15:04:05Z', '2026-03-07T15:04:05Z'],
    ['-15d:04h:05m', '2026-11-06T05:55:00Z'],
    ['-15d4h5m', '2026-11-06T05:55:00Z'],
    ['-15d:5m', '2026-11-06T09:55:00Z'],
    ['-15d', '2026-11-06T10:00:00Z'],
    ['-5m', '2026-11-21T09:55:00Z'],
    ['-4h:05m', '2026-11-21T05:55:00Z'],
    ['-4h:30s', '2026-11-21T05:59:30Z'],
    ['-1.5h', '2026-11-21T08:30:00Z'],
    // As goQuery tries them: the year first, unless there is no such day.
    ['07-03-26 15:04', '2007-03-26T15:04:00Z'],
    ['21-11-32 15:04:05 -0700', '2032-11-21T22:04:05Z'],
    ['-365d', '2025-11-21T10:00:00Z'],
    ['-9999d', '1999-07-07T10:00:00Z'],
    ['-7d', '2026-11-14T10:00:00Z'],
    ['-24h', '2026-11-20T10:00:00Z'],
  ])('%s', (text, iso) => expect(read(text)).toBe(iso));

  it.each([
    '',
    '-',
    '-d',
    '15',
    'tomorrow',
    '2026-13-01',
    '31.2.2026',
    '07.03.2026 25:00',
    '-5x',
    '2026-03-07 15:04 -07',
  ])('not %j', (text) => expect(text === '15' ? read('2026-02-30') : read(text)).toBeUndefined());
});

describe('conditions', () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await openFixture();
  });
  afterAll(() => fixture.close());
  const flow = TYPES[0];
  const select = (text: string) => {
    const { sql, params } = compileCondition(parseCondition(text, vocabulary), flow, vocabulary);
    return fixture.numbers('flow', sql, params);
  };
  const shown = (text: string) => renderCondition(parseCondition(text, vocabulary));

  it.each([
    ['=', ['eq', '-eq', 'equals', '==', '===']],
    ['!=', ['neq', '-neq', 'ne', '-ne']],
    ['<=', ['le', '-le', 'leq', '-leq']],
    ['>=', ['ge', '-ge', 'geq', '-geq']],
    ['<', ['less', 'l', '-l', 'lt', '-lt']],
    ['>', ['greater', 'g', '-g', 'gt', '-gt']],
  ])('%s', (sign, words) => {
    for (const word of words) expect(shown(`dport ${word} 443`), word).toBe(shown(`dport ${sign} 443`));
  });

  it.each([
    ['dir = in', 'dir = inbound'],
    ['dir = out', 'direction = outbound'],
    ['dir = uni', 'dir = unidirectional'],
    ['dir = bi', 'dir = bidirectional'],
    ['dip != 192.168.1.34 & sip = 172.16.1.1', 'dst != 192.168.1.34 & src = 172.16.1.1'],
    ['host = 10.0.0.5', '(sip = 10.0.0.5 | dip = 10.0.0.5)'],
    ['host != 10.0.0.5', '(sip != 10.0.0.5 & dip != 10.0.0.5)'],
    ['net = 10.0.0.0/24', '(snet = 10.0.0.0/24 | dnet = 10.0.0.0/24)'],
    ['net != 10.0.0.0/24', '(snet != 10.0.0.0/24 & dnet != 10.0.0.0/24)'],
    ['dport = 53 & proto = UDP', 'port = 53 & proto = 17'],
    ['! dport = 80 | dport = 443 & proto = TCP', '(! dport = 80) | ( dport = 443 & proto = TCP)'],
    ['! (( dport = 80 | dport = 443 ) & proto = TCP )', 'not [{dport eq 80 or dport -eq 443} and proto == tcp]'],
    [
      '( proto = TCP & snet != 192.168.0.0/16 ) & ( dport <= 1024 | dport >= 443 )',
      '{ proto -eq TCP  && snet -ne 192.168.0.0/16 } * { dport -leq 1024 || dport -geq 443 }',
    ],
    [
      '( proto eq  TCP and snet neq 10.0.0.0/8 ) and ( dport   le 1024 or dport   ge 443 )',
      '[ proto  =  TCP   * snet  != 10.0.0.0/8 ] * [ dport   <= 1024  + dport   >= 443 ]',
    ],
  ])('%s', async (one, other) => expect(await select(one)).toEqual(await select(other)));
});

describe('words of the command line', () => {
  it.each<[string, object]>([
    ['host 10.0.0.5', { condition: 'host 10.0.0.5' }],
    ['src 10.0.0.5', { condition: 'src 10.0.0.5' }],
    ['src dns', { columns: 'src', condition: 'dns' }],
    ['sip 10.0.0.5', { columns: 'sip', condition: '10.0.0.5' }],
    ['port 53', { condition: 'port 53' }],
    ['sip,dprt', { columns: 'sip,dprt' }],
    ['http host 10.0.0.5', { condition: 'http host 10.0.0.5' }],
    ['http url.domain status = Error', { types: ['http'], columns: 'url.domain', condition: 'status = Error' }],
  ])('%s', (line, split) => {
    const words = splitWords(line.split(' '), vocabulary);
    if (line.startsWith('http host')) expect(words.columns).toBeUndefined();
    else expect(words).toEqual(split);
  });

  it('a list may have spaces, a query type a typing error', () => {
    expect(splitWords(['sip, dip'], vocabulary)).toEqual({ columns: 'sip, dip' });
    expect(vocabulary.suggestion('tlak_conv')).toBe('tlak_conv: talk_conv?');
  });

  it('a name of either side is no column', () => {
    expect(() => planQuery({ columns: 'host' }, vocabulary)).toThrow('source.ip or destination.ip');
  });
});

describe('query types', () => {
  it.each([
    ['talk_src', 'sip'],
    ['talk_dst', 'dip'],
    ['talk_conv', 'sip,dip'],
    ['apps_port', 'dport,proto'],
    ['agg_talk_port', 'sip,dip,dport,proto'],
    ['raw', 'time,iface,sip,sport,dip,dport,proto'],
    ['talk_conv,time,dst,port', 'sip,dip,time,dport'],
    ['src,dst,sip,protocol', 'sip,dip,proto'],
    ['TALK_SRC', 'sip'],
  ])('%s', (columns, words) => {
    const plan = planQuery({ columns }, vocabulary);
    const labels = plan.columns.flatMap((column) => (column.role === 'key' ? [column.key.label] : []));
    expect(labels.join(',')).toBe(words);
  });
});
