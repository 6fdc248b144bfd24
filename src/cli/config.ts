// netscribe config: the configuration of a running daemon: show it, read the file again.

import type { Command } from 'commander';
import { stringify } from 'yaml';
import { nearest } from '../config/nearest.ts';
import { UsageError } from '../config/usage-error.ts';
import type { Reload } from '../daemon/daemon.ts';
import { ask, type ClientOptions, withClientOptions } from './client.ts';
import { newCommand, parse, withHelp } from './command.ts';
import { EXIT_FAILED, EXIT_OK } from './exit.ts';
import { print } from './print.ts';
import { reloadText } from './run.ts';

const EXAMPLES = `  netscribe config                 the configuration in effect, as YAML
  netscribe config reload          read the file again; what changed is printed`;

const VERBS = ['show', 'reload'] as const;

export function main(words: string[]): Promise<number> {
  return withHelp(async () => {
    const command = definition();
    parse(command, words);
    const options = command.opts<ClientOptions & { json?: boolean }>();
    const [verb = 'show'] = command.args;
    if (verb === 'reload') {
      const text = await ask(options, 'POST', '/api/config/reload');
      const reload = JSON.parse(text) as Reload;
      print(options.json === true ? `${text}\n` : `${reloadText(reload).replaceAll('\n  ', '\n')}\n`);
      const { enabled, updated, disabled } = reload.interfaces;
      return [...enabled, ...updated, ...disabled].every(({ success }) => success) ? EXIT_OK : EXIT_FAILED;
    }
    if (verb !== 'show') {
      const guess = nearest(verb, VERBS);
      throw new UsageError(
        `config can ${VERBS.join(' and ')}, not '${verb}'${guess === undefined ? '' : `: did you mean '${guess}'?`}`,
      );
    }
    const text = await ask(options, 'GET', '/api/config');
    print(options.json === true ? `${text}\n` : stringify(JSON.parse(text)));
    return EXIT_OK;
  });
}

export function definition(): Command {
  return withClientOptions(
    newCommand('config', "The running daemon's configuration.", EXAMPLES)
      .argument('[what]', 'show (default) or reload')
      .option('--json', 'as JSON'),
  );
}
