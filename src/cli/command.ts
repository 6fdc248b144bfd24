// A commander program as all our commands want it: errors as UsageError with the nearest right flag, help that begins with examples.

import { Command, CommanderError, type Option } from 'commander';
import { nearest } from '../config/nearest.ts';
import { UsageError } from '../config/usage-error.ts';
import { print } from './print.ts';

export interface CommandModule {
  /** Arguments and options, for parsing and for everything that is derived from them. */
  definition(): Command;
  /** Runs with the words behind the command's name; resolves to the exit code. `commands`: all there are. */
  main(words: string[], commands: CommandTable): Promise<number>;
}

/** Commands by name; each module is loaded when it is called. */
export type CommandTable = Readonly<Record<string, { summary: string; load: () => Promise<CommandModule> }>>;

/** Thrown when help was printed: nothing more to do. */
export class HelpShown extends Error {}

const EXAMPLES = new WeakMap<Command, string>();
const RARE = new WeakMap<Command, ReadonlySet<string>>();

/** The examples that the help of this command begins with. */
export const examplesOf = (command: Command): string => EXAMPLES.get(command) ?? '';

/** `rare`: options that `--help` leaves out so that it fits a screen. Placeholders say what completions offer: completion/model.ts. */
export function newCommand(name: string, summary: string, examples: string, rare: readonly string[] = []): Command {
  const command = new Command(`netscribe ${name}`);
  command
    .exitOverride()
    .configureOutput({ writeOut: print, writeErr: () => undefined })
    .helpOption('-h, --help', 'this text')
    .addHelpText('beforeAll', `${summary}\n\n${examples}\n`)
    .configureHelp({ helpWidth: 110, visibleCommands: () => [], optionDescription })
    .allowExcessArguments(true);
  EXAMPLES.set(command, examples);
  RARE.set(command, new Set(rare));
  return command;
}

/** The option's text with its default, where that says something. */
function optionDescription({ description, defaultValue }: Option): string {
  return typeof defaultValue === 'string' ? `${description} (default: ${defaultValue})` : description;
}

/** Every option, those too that `--help` leaves out to fit a screen: `netscribe help COMMAND`. */
export const HELP_ALL = '--help-all';

/** Parses the words; throws UsageError or HelpShown. */
export function parse(command: Command, words: string[]): void {
  const names = RARE.get(command);
  const rare = command.options.filter(({ hidden, long, short }) => hidden || names?.has(long ?? short ?? ''));
  for (const option of rare) option.hideHelp(!words.includes(HELP_ALL));
  if (words.includes(HELP_ALL)) {
    command.outputHelp();
    throw new HelpShown();
  }
  if (rare.length > 0)
    command.addHelpText(
      'after',
      `\n'netscribe help ${command.name().split(' ').at(-1)}' lists ${rare.length} more options.`,
    );
  try {
    command.parse(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') throw new HelpShown();
    let message = error.message.replace(/^error: /, '').split('\n')[0];
    const unknown = /unknown option '(-[^']*)'/.exec(message);
    if (unknown !== null) {
      const flags = command.options
        .flatMap((option) => [option.long, option.short])
        .filter((flag): flag is string => flag != null);
      const guess = nearest(unknown[1].split('=')[0], flags);
      message = `there is no option '${unknown[1]}'${guess === undefined ? '' : `: did you mean '${guess}'?`}`;
    }
    throw new UsageError(`${message} ('${command.name()} --help' lists the options)`);
  }
}

/** Wraps a command's body: help that was shown is success. */
export async function withHelp(body: () => Promise<number>): Promise<number> {
  try {
    return await body();
  } catch (error) {
    if (error instanceof HelpShown) return 0;
    throw error;
  }
}

/** For options of which there is one, and of which the first would be dropped without a word. */
export function only(what: string) {
  return (value: string, before: string | undefined): string => {
    if (before !== undefined && before !== value)
      throw new UsageError(`two ${what}: '${before}' and '${value}'; join them with 'and'`);
    return value;
  };
}

/** For lists that may be given in several parts. */
export function joined(value: string, before: string | undefined): string {
  return before === undefined ? value : `${before},${value}`;
}

/** For options that may be given several times. */
export function collect(value: string, before: string[]): string[] {
  return [...before, value];
}
