// netscribe sql: everything that `query` has no words for. Read only, and nothing but the store is in reach.

import type { Command } from 'commander';
import { nearest } from '../config/nearest.ts';
import { UsageError } from '../config/usage-error.ts';
import { allRecordTypes } from '../engine/plan.ts';
import { ROW_FORMATS, type RowFormat, rowsText } from '../query/format-rows.ts';
import { DEFAULT_STORE } from '../sinks/open.ts';
import { writeAll } from '../sinks/output.ts';
import { newCommand, parse, withHelp } from './command.ts';
import { wholeNumber } from './number.ts';
import { tellUnreadable } from './unreadable.ts';

const EXAMPLES = `  netscribe sql "select status, count(*) from http group by all"
  netscribe sql "select dns_question_name, count(*) n from dns group by 1 order by n desc limit 10"
  netscribe sql "describe flow"                     the columns; one view per record type
  netscribe sql "select source_ip, sum(source_bytes) from flow group by 1" -e csv`;

export function definition(): Command {
  return newCommand('sql', 'Ask the store in SQL (DuckDB).', EXAMPLES)
    .argument('<statement...>', 'one SELECT')
    .option('--store <folder>', 'the store', DEFAULT_STORE)
    .option('-e, --format <rowformat>', ROW_FORMATS.join(', '), 'table')
    .option('--timeout <seconds>', 'give up after so long', '60');
}

export function main(words: string[]): Promise<number> {
  return withHelp(async () => {
    const command = definition();
    parse(command, words);
    const { store, format, timeout } = command.opts<{ store: string; format: string; timeout: string }>();
    const statement = command.args.join(' ').trim();
    if (statement === '') throw new UsageError('sql wants a statement: netscribe sql "select count(*) from flow"');
    if (!(ROW_FORMATS as readonly string[]).includes(format)) {
      const guess = nearest(format, ROW_FORMATS);
      throw new UsageError(
        `there is no format '${format}'${guess === undefined ? '' : `: did you mean '${guess}'?`} (there are ${ROW_FORMATS.join(', ')})`,
      );
    }
    const timeoutSeconds = wholeNumber(timeout, '--timeout', 1, 86_400);
    // DuckDB is loaded when there is something to ask it.
    const { openReader } = await import('../store/reader.ts');
    const reader = await openReader(store, { types: allRecordTypes() });
    try {
      const { columns, rows } = await reader.query(statement, [], { timeoutMs: timeoutSeconds! * 1000 });
      writeAll(
        1,
        Buffer.from(
          rowsText(
            format as RowFormat,
            columns.map(({ name }) => name),
            rows,
          ),
        ),
        'standard output',
      );
      return tellUnreadable(reader, store);
    } finally {
      reader.close();
    }
  });
}
