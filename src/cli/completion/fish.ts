// The completion for fish (fish documentation, "complete" and "Writing your own completions").

import type { CompletionModel, ShownOption, Values } from './model.ts';

export function fishCompletion({ commands, words }: CompletionModel): string {
  const sets = Object.entries(words).map(([name, all]) => `set -g __netscribe_${name} ${all.join(' ')}`);
  const lines = commands.flatMap(({ name, summary, options, arguments: places }) => {
    const condition = `-n ${quoted(`__netscribe_in ${name}`)}`;
    const found = [`complete -c netscribe -n __netscribe_first -a ${name} -d ${quoted(summary)}`];
    for (const option of options) found.push(optionLine(option, condition));
    for (const [i, place] of places.entries()) {
      const offered = action(place);
      if (offered === undefined) continue;
      // The last argument may come again and again.
      const isLast = i === places.length - 1;
      const where = `-n ${quoted(`__netscribe_in ${name}; and __netscribe_place ${isLast ? '-ge' : '-eq'} ${i}`)}`;
      found.push(`complete -c netscribe ${where} ${offered}`);
    }
    return found;
  });
  return `# Completion of netscribe for fish. Made by: netscribe completion fish
${sets.join('\n')}

# No command yet.
function __netscribe_first
    test (count (commandline -opc)) -eq 1
end

# Behind this command.
function __netscribe_in
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test $words[2] = $argv[1]
end

# How many words that are no options stand behind the command.
function __netscribe_place
    set -l place -2
    for word in (commandline -opc)
        string match -q -- '-*' $word; or set place (math $place + 1)
    end
    test $place $argv[1] $argv[2]
end

# Words of a set behind the last comma of the present word.
function __netscribe_list
    set -l head (string match -r '^.*,' -- (commandline -ct)); or set head ''
    printf '%s\\n' $head$argv
end

function __netscribe_interfaces
    set -l names any
    for path in /sys/class/net/*
        set -a names (basename $path)
    end
    __netscribe_list $names
end

function __netscribe_queries
    set -l config $XDG_CONFIG_HOME
    test -n "$config"; or set config $HOME/.config
    for path in $config/netscribe/queries/*.json
        basename $path .json
    end
end

complete -c netscribe -f
complete -c netscribe -n __netscribe_first -a help -d 'all options of a command'
complete -c netscribe -n __netscribe_first -l version -d version
complete -c netscribe -n '__netscribe_in help' -a '$__netscribe_commands'
${lines.join('\n')}
`;
}

const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

function optionLine({ short, long, text, values }: ShownOption, condition: string): string {
  const flags = [
    ...(short === undefined ? [] : [`-s ${short.slice(1)}`]),
    ...(long === undefined ? [] : [`-l ${long.slice(2)}`]),
  ];
  const offered = values === undefined ? '' : ` -x ${action(values) ?? ''}`;
  return `complete -c netscribe ${condition} ${flags.join(' ')}${offered} -d ${quoted(text)}`.replaceAll(
    '-x -F',
    '-r -F',
  );
}

function action(values: Values): string | undefined {
  switch (values.kind) {
    case 'words':
      return values.isList ? `-a '(__netscribe_list $__netscribe_${values.set})'` : `-a '$__netscribe_${values.set}'`;
    case 'files':
      return '-F';
    case 'folders':
      return `-a '(__fish_complete_directories)'`;
    case 'unknown':
      return undefined;
    default:
      return `-a '(__netscribe_${values.kind})'`;
  }
}
