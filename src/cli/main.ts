// The command line: finds the command, loads only what it needs, turns errors into words and exit codes.

import { nearest } from '../config/nearest.ts';
import { UsageError } from '../config/usage-error.ts';
import { PluginError } from '../plugins/load.ts';
import { shownText } from '../query/shown-text.ts';
import { ReaderGone, SinkError, SinkUsageError } from '../sinks/sink.ts';
import { InputError } from '../sources/input-error.ts';
import { MissingError, SystemError } from '../system/errors.ts';
import { VERSION } from '../version.ts';
import { HELP_ALL } from './command.ts';
import { ALIASES, COMMANDS } from './commands.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_OUTPUT, EXIT_PRIVILEGE, EXIT_USAGE } from './exit.ts';
import { print } from './print.ts';

const HELP = `netscribe ${VERSION}: network traffic into records you can trust and query

  netscribe capture -r traffic.pcap                 flows and transactions into ./netscribe-data
  netscribe capture -r traffic.pcap --json | jq     the same as JSON, one document per line
  netscribe query talk_conv                         who talks to whom
  netscribe query -r traffic.pcap 'dns and not dns.response_code: NOERROR'

Commands
${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`)
  .join('\n')}

'netscribe COMMAND --help' says more, 'netscribe help COMMAND' all. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 damaged input,
4 privilege missing, 5 output incomplete.
`;

async function main(words: string[]): Promise<number> {
  const [name, ...rest] = words;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    if (name === 'help' && rest[0] !== undefined) return run(commandNamed(rest[0]), [HELP_ALL]);
    print(HELP);
    return EXIT_OK;
  }
  if (name === '--version' || name === '-V' || name === 'version') {
    print(`netscribe ${VERSION}\n`);
    return EXIT_OK;
  }
  return run(commandNamed(name), rest);
}

function commandNamed(typed: string): string {
  const name = Object.hasOwn(ALIASES, typed) ? ALIASES[typed] : typed;
  if (Object.hasOwn(COMMANDS, name)) return name;
  const guess = nearest(name, Object.keys(COMMANDS));
  throw new UsageError(
    `there is no command '${name}'${guess === undefined ? '' : `: did you mean '${guess}'?`} ('netscribe --help' lists them)`,
  );
}

async function run(name: string, words: string[]): Promise<number> {
  return (await COMMANDS[name].load()).main(words, COMMANDS);
}

/** Words and exit code of what went wrong. */
function explain(error: unknown): number {
  if (error instanceof ReaderGone || (error as NodeJS.ErrnoException)?.code === 'EPIPE') return EXIT_OK;
  if (error instanceof UsageError) {
    process.stderr.write(`netscribe: ${error.message}\n`);
    return EXIT_USAGE;
  }
  const name = (error as Error)?.name;
  if (error instanceof InputError || name === 'FilterError' || name === 'ConditionError' || name === 'QueryError') {
    const { message, rendered } = error as Error & { rendered?: string };
    process.stderr.write(
      rendered === undefined
        ? `netscribe: ${name === 'InputError' ? shownText(message) : message}\n`
        : `netscribe: the condition is not right\n${rendered}\n`,
    );
    const isGivenUp = (error as { code?: string }).code === 'timeout';
    return name === 'InputError' || isGivenUp ? EXIT_FAILED : EXIT_USAGE;
  }
  if (error instanceof PluginError) {
    process.stderr.write(`netscribe: ${error.message}\n`);
    return EXIT_USAGE;
  }
  if (error instanceof MissingError) {
    process.stderr.write(`netscribe: ${error.message}\n`);
    return EXIT_PRIVILEGE;
  }
  if (error instanceof SystemError) {
    process.stderr.write(`netscribe: the kernel refused: ${error.message}\n`);
    return EXIT_FAILED;
  }
  if (error instanceof SinkError) {
    process.stderr.write(`netscribe: ${error.message}\n`);
    return error instanceof SinkUsageError ? EXIT_USAGE : EXIT_OUTPUT;
  }
  if (name === 'StoreError' || name === 'ClientError') {
    process.stderr.write(`netscribe: ${(error as Error).message}\n`);
    return EXIT_FAILED;
  }
  process.stderr.write(
    `netscribe: this is a fault of the program, please report it:\n${(error as Error)?.stack ?? error}\n`,
  );
  return EXIT_FAILED;
}

process.stdout.on('error', (error) => {
  process.exit(explain(error));
});
// Whoever listened is gone (`2>&1 | head`): the job goes on, and its exit code is what it would have been.
process.stderr.on('error', () => {});

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = explain(error);
}
