// netscribe run: the daemon.

import type { Command } from 'commander';
import { stringify } from 'yaml';
import { checkApi } from '../api/address.ts';
import { startApi } from '../api/server.ts';
import { loadConfig } from '../config/load.ts';
import { UsageError } from '../config/usage-error.ts';
import { changeText } from '../daemon/changes.ts';
import { Daemon, type Reload } from '../daemon/daemon.ts';
import { collect, newCommand, parse, withHelp } from './command.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_OUTPUT, EXIT_PRIVILEGE, EXIT_USAGE } from './exit.ts';
import { print } from './print.ts';
import { recordNames } from './record-names.ts';

const EXAMPLES = `  netscribe run                              all interfaces but lo, into ./netscribe-data
  netscribe run -c netscribe.yml             as the file says; SIGHUP reads it again
  netscribe run --set capture.interfaces.eth0= --print-config`;

interface RunOptions {
  config?: string;
  set: string[];
  printConfig?: boolean;
  quiet?: boolean;
}

export function main(words: string[]): Promise<number> {
  return withHelp(() => run(words));
}

export function definition(): Command {
  return newCommand('run', 'The daemon: captures, stores, answers.', EXAMPLES)
    .option('-c, --config <file>', 'netscribe.yml')
    .option('--set <key=value>', 'one option: api.address=127.0.0.1:9000; repeatable', collect, [])
    .option('--print-config', 'show the configuration, defaults filled in, and end')
    .option('-q, --quiet', 'say nothing but what goes wrong');
}

async function run(words: string[]): Promise<number> {
  const command = definition();
  parse(command, words);
  if (command.args.length > 0) throw new UsageError(`run takes no words, and there is '${command.args[0]}'`);
  const options = command.opts<RunOptions>();
  const load = () => {
    const config = loadConfig(options.config, options.set);
    checkApi(config.daemon);
    return config;
  };
  if (options.printConfig === true) {
    print(stringify(load().effective));
    return EXIT_OK;
  }
  const log = (text: string): void => {
    process.stderr.write(`netscribe: ${text}\n`);
  };
  const say = options.quiet === true ? () => undefined : log;
  const ended = Promise.withResolvers<NodeJS.Signals>();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => ended.resolve(signal));
  const daemon = new Daemon({
    load,
    records: ({ daemon }) => recordNames(daemon.capture.records.join(',')),
    log,
    serve: startApi,
  });
  // Whoever hangs up wants the file to be read again: also while this begins, and before anything else is said.
  let reload = () => {
    reloadLater = true;
  };
  let reloadLater = false;
  process.on('SIGHUP', () => reload());
  try {
    await daemon.start();
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    log((error as Error).message);
    return code;
  }
  let reloads = 0;
  reload = () => {
    // One may go on and have read the file already; the one that waits for it reads it for all that come meanwhile.
    if (reloads === 2) return;
    reloads++;
    daemon
      .reload()
      .then(
        (changes) => log(reloadText(changes)),
        (error: Error) => log(`the configuration was not read again, nothing has changed: ${error.message}`),
      )
      .finally(() => reloads--);
  };
  if (reloadLater) reload();
  const { interfaces } = await daemon.status();
  for (const [name, { state, error }] of Object.entries(interfaces))
    if (state !== 'capturing' && state !== 'disabled') log(`${name}: ${error}`);
  const capturing = Object.entries(interfaces).flatMap(([name, { state }]) => (state === 'capturing' ? [name] : []));
  say(`capturing on ${capturing.length === 0 ? 'nothing yet' : capturing.join(', ')}`);
  if (daemon.store !== undefined) say(`records go to ${daemon.store}`);
  if (daemon.address !== undefined) say(`the API is at ${daemon.address}; 'netscribe status' asks it`);
  const signal = await ended.promise;
  say(`${signal}: writing what there is`);
  const why = await daemon.stop();
  if (why !== '') {
    log(why);
    return EXIT_OUTPUT;
  }
  return 128 + (signal === 'SIGINT' ? 2 : 15);
}

/** Exit codes of what hinders a start; undefined for a fault of the program. */
function codeOf(error: unknown): number | undefined {
  const { name, code } = error as Error & { code?: string };
  if (name === 'ApiError') return EXIT_FAILED;
  if (name !== 'RefusedError') return undefined;
  switch (code) {
    case 'ConfigError':
    case 'UsageError':
    case 'FilterError':
    case 'PluginError':
      return EXIT_USAGE;
    case 'SinkError':
      return EXIT_OUTPUT;
    case 'MissingError':
    case 'EPERM':
      return EXIT_PRIVILEGE;
    default:
      return EXIT_FAILED;
  }
}

/** What a reload changed, for people. */
export function reloadText({ interfaces, changed, later, flows, notes }: Reload): string {
  const lines: string[] = [];
  for (const [what, changes] of [
    ['enabled', interfaces.enabled],
    ['updated', interfaces.updated],
    ['disabled', interfaces.disabled],
  ] as const) {
    for (const { name, success } of changes) lines.push(`${what} ${name}${success ? '' : ': failed'}`);
  }
  for (const change of changed) lines.push(changeText(change));
  if (flows === 'began anew') lines.push('open flows were written, and begin anew with this');
  lines.push(...notes);
  for (const change of later) lines.push(`at the next start, for ${change.reason}: ${changeText(change)}`);
  return lines.length === 0 ? 'the configuration is as it was' : lines.join('\n  ');
}
