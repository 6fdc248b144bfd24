// netscribe records: what records there are, and their fields.

import type { Command } from 'commander';
import { nearest } from '../config/nearest.ts';
import { UsageError } from '../config/usage-error.ts';
import { allRecordTypes } from '../engine/plan.ts';
import { ndjsonSource } from '../records/ndjson.ts';
import { recordList, recordText } from '../records/reference.ts';
import { newCommand, parse, withHelp } from './command.ts';
import { EXIT_OK } from './exit.ts';
import { print } from './print.ts';

const EXAMPLES = `  netscribe records            the list
  netscribe records dns        the fields of one: ECS names, column, meaning
  netscribe records dns --code the code that encodes it`;

export function definition(): Command {
  return newCommand('records', 'What records there are, and their fields.', EXAMPLES)
    .argument('[record]', 'a record')
    .option('--code', 'the generated JSON encoder instead');
}

export function main(words: string[]): Promise<number> {
  return withHelp(async () => {
    const command = definition();
    parse(command, words);
    const types = allRecordTypes();
    const [name] = command.args;
    let text: string;
    if (name === undefined) text = recordList(types);
    else {
      const type = types.find((one) => one.name === name);
      if (type === undefined) {
        const guess = nearest(
          name,
          types.map((one) => one.name),
        );
        throw new UsageError(
          `there is no record '${name}'${guess === undefined ? '' : `: did you mean '${guess}'?`} ('netscribe records' lists them)`,
        );
      }
      text = command.opts<{ code?: boolean }>().code === true ? ndjsonSource(type).source : recordText(type);
    }
    print(text.endsWith('\n') ? text : `${text}\n`);
    return EXIT_OK;
  });
}
