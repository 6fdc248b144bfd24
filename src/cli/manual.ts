// The manual pages (man(7)): one of the program and one of each command, from the same definitions as `--help`.

import type { Command } from 'commander';
import { VERSION } from '../version.ts';
import { examplesOf } from './command.ts';
import { COMMANDS } from './commands.ts';
import { EXIT_MEANINGS } from './exit.ts';

/** File names (`netscribe-query.1`) and texts. */
export async function manualPages(): Promise<Map<string, string>> {
  const pages = new Map([['netscribe.1', programPage()]]);
  for (const [name, { summary, load }] of Object.entries(COMMANDS))
    pages.set(`netscribe-${name}.1`, commandPage(name, summary, (await load()).definition()));
  return pages;
}

function programPage(): string {
  const commands = Object.entries(COMMANDS);
  return page('netscribe', 'network traffic into records you can trust and query', [
    section('SYNOPSIS', ['.B netscribe', '.I command', '.RI [ options ]']),
    section('DESCRIPTION', [
      text(
        'netscribe reads network traffic and writes down what happened: flows, and transactions of application protocols, as ECS documents that you can pipe, store and query. What it could not read is counted and reported.',
      ),
    ]),
    section(
      'COMMANDS',
      commands.flatMap(([name, { summary }]) => ['.TP', `.BR netscribe\\-${escaped(name)} (1)`, text(summary)]),
    ),
    section('EXIT STATUS', exitStatus()),
    section('ENVIRONMENT', [
      '.TP',
      '.B XDG_CONFIG_HOME',
      text('where stored queries are kept, in netscribe/queries; ~/.config without it'),
      '.TP',
      '.B TZ',
      text('the time zone of tables'),
    ]),
    section('SEE ALSO', [commands.map(([name]) => `.BR netscribe\\-${escaped(name)} (1)`).join(',\n')]),
  ]);
}

function commandPage(name: string, summary: string, command: Command): string {
  const places = command.registeredArguments.map((argument) => {
    const shown = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? `.I ${escaped(shown)}` : `.RI [ ${escaped(shown)} ]`;
  });
  const options = command.options.flatMap((option) => {
    const value = /[<[]([^>\]]+)[>\]]/.exec(option.flags)?.[1];
    const flags = [option.short, option.long].filter((flag) => flag != null).map((flag) => `\\fB${escaped(flag)}\\fR`);
    const standard = typeof option.defaultValue === 'string' ? ` (default: ${option.defaultValue})` : '';
    return [
      '.TP',
      `${flags.join(', ')}${value === undefined ? '' : ` \\fI${escaped(value)}\\fR`}`,
      text(option.description + standard),
    ];
  });
  const more =
    name === 'query'
      ? [
          '.PP',
          text(
            'Columns, the language of conditions and the forms of times are described in docs/query.md of the package.',
          ),
        ]
      : [];
  return page(`netscribe-${name}`, summary, [
    section('SYNOPSIS', [`.B netscribe ${escaped(name)}`, '.RI [ options ]', ...places]),
    section('EXAMPLES', ['.nf', ...examplesOf(command).split('\n').map(escaped), '.fi', ...more]),
    section('OPTIONS', [...options, '.TP', '\\fB\\-h\\fR, \\fB\\-\\-help\\fR', text('a short help')]),
    section('EXIT STATUS', exitStatus()),
    section('SEE ALSO', ['.BR netscribe (1)']),
  ]);
}

const exitStatus = (): string[] =>
  [...EXIT_MEANINGS].flatMap(([code, meaning]) => ['.TP', `.B ${code}`, text(meaning)]);

function page(name: string, summary: string, sections: readonly string[]): string {
  // No date: the same version gives the same page.
  return [
    `.TH ${escaped(name.toUpperCase())} 1 "" "netscribe ${VERSION}"`,
    '.SH NAME',
    `${escaped(name)} \\- ${escaped(summary)}`,
    ...sections,
    '',
  ].join('\n');
}

const section = (title: string, lines: readonly string[]): string => [`.SH ${title}`, ...lines].join('\n');

/** A line of text that no macro can be read into. */
const text = (line: string): string =>
  escaped(line.charAt(0).toUpperCase() + line.slice(1)).replace(/^([.'])/, '\\&$1');

/** Backslashes and hyphens as man(7) wants them; signs beyond ASCII by their numbers. */
const escaped = (line: string): string =>
  line
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replace(/[^\n\x20-\x7e]/gu, (c) => `\\[u${c.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`);
