import { describe, expect, it } from 'vitest';
import { icmpRecord } from '../../src/protocols/icmp/record.ts';
import { f } from '../../src/records/field.ts';
import { columnName, defineRecord } from '../../src/records/record.ts';
import { enrichmentMarkdown, recordList, recordMarkdown, recordText } from '../../src/records/reference.ts';

const ping = defineRecord(
  'ping',
  { family: 'transaction', doc: 'one ping' },
  {
    start: f.time(['@timestamp', 'event.start'], 'when it began').alias('time'),
    kind: f.constant('event.kind', 'event'),
    bytes: f.int('source.bytes', 'bytes sent').inUnit('bytes').optional().alias('sent', 'out'),
    total: f.int('network.bytes', 'bytes both ways').inUnit('bytes').derived(),
    choice: f.keyword('netscribe.choice', 'a|b, or <none>'),
    hops: f.list('netscribe.hops', 'the way', { label: f.int('label', 'label') }).optional(),
  },
);

describe('the reference of a record type', () => {
  it('is a Markdown table', () => {
    expect(recordMarkdown(ping, 2)).toMatchInlineSnapshot(`
      "## ping

      one ping. Family: transaction.

      | field | type | column | meaning | other names |
      |---|---|---|---|---|
      | \`@timestamp\`<br>\`event.start\` | time | \`timestamp\` | when it began | \`time\` |
      | \`event.kind\` | constant |  | always "event" |  |
      | \`source.bytes\` | int, bytes, optional | \`source_bytes\` | bytes sent | \`sent\`, \`out\` |
      | \`network.bytes\` | int, bytes |  | bytes both ways (computed, not stored) |  |
      | \`netscribe.choice\` | keyword | \`netscribe_choice\` | a\\|b, or \\<none> |  |
      | \`netscribe.hops\` | list, optional | \`netscribe_hops\` | the way |  |
      | \`netscribe.hops[].label\` | int |  | label |  |
      "
    `);
  });

  it('is plain text', () => {
    expect(recordText(ping)).toMatchInlineSnapshot(`
      "ping (transaction): one ping

        @timestamp              time                  when it began [time]
        event.start             same value
        event.kind              constant              always "event"
        source.bytes            int, bytes, optional  bytes sent [sent, out]
        network.bytes           int, bytes            bytes both ways (computed, not stored)
        netscribe.choice        keyword               a|b, or <none>
        netscribe.hops          list, optional        the way
        netscribe.hops[].label  int                   label
      "
    `);
  });

  it('lists types', () => {
    expect(recordList([ping, icmpRecord])).toMatchInlineSnapshot(`
      "ping  transaction  one ping
      icmp  transaction  an ICMP or ICMPv6 request with its reply, or one message that needs none, such as an error with the flow it quotes
      "
    `);
    expect(recordList([])).toBe('');
  });

  it('has every path and column of a real one, each row with five cells', () => {
    const enriched = (['geoip', 'process'] as const).map((one) => enrichmentMarkdown(icmpRecord, one)).join('');
    expect(recordMarkdown(icmpRecord)).not.toContain('geo.city_name');
    const markdown = recordMarkdown(icmpRecord) + enriched;
    const text = recordText(icmpRecord);
    for (const field of Object.values(icmpRecord.fields)) {
      for (const path of field.paths) {
        expect(markdown).toContain(`\`${path}\``);
        expect(text).toContain(path);
      }
      if (field.kind !== 'constant' && !('isDerived' in field)) expect(markdown).toContain(`\`${columnName(field)}\``);
    }
    const rows = markdown.split('\n').filter((line) => line.startsWith('|'));
    for (const row of rows) expect(row.match(/(?<!\\)\|/g)).toHaveLength(6);
  });
});
