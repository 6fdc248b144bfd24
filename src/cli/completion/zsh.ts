// The completion for zsh (zshcompsys(1), zshcompwid(1)): to be sourced, or to lie in a folder of fpath as _netscribe.

import type { CompletionModel, ShownCommand, ShownOption, Values } from './model.ts';

export function zshCompletion({ commands, words }: CompletionModel): string {
  const sets = Object.entries(words).map(([name, all]) => `_netscribe_${name}=(${all.join(' ')})`);
  const names = commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary.replaceAll(':', '\\:')}`)}`);
  const cases = commands.map(
    (command) =>
      `    ${command.name})\n      _arguments -s -S \\\n${specs(command)
        .map((spec) => `        ${spec}`)
        .join(' \\\n')}\n      ;;`,
  );
  return `#compdef netscribe
# Completion of netscribe for zsh. Made by: netscribe completion zsh
typeset -ga ${Object.keys(words)
    .map((name) => `_netscribe_${name}`)
    .join(' ')}
${sets.join('\n')}

_netscribe_some() { compadd -a -- "_netscribe_$1" }
_netscribe_list() { _sequence -s , compadd -a - "_netscribe_$1" }
_netscribe_interfaces() {
  local -a names=(any /sys/class/net/*(N:t))
  _sequence -s , compadd -a - names
}
_netscribe_queries() {
  local -a names=(\${XDG_CONFIG_HOME:-$HOME/.config}/netscribe/queries/*.json(N:t:r))
  compadd -a -- names
}

_netscribe() {
  local -a commands=(
${names.join('\n')}
    'help:all options of a command'
  )
  if (( CURRENT == 2 )); then
    _describe -t commands command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
    help) _netscribe_some commands ;;
${cases.join('\n')}
  esac
}

if [ "$funcstack[1]" = _netscribe ]; then _netscribe "$@"; else compdef _netscribe netscribe; fi
`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** What _arguments takes: options, then arguments by place. */
function specs({ options, arguments: places }: ShownCommand): string[] {
  const all = options.map(optionSpec);
  places.forEach((place, i) => {
    const isLast = i === places.length - 1;
    all.push(quoted(`${isLast ? '*' : i + 1}:: :${action(place)}`));
  });
  return all;
}

function optionSpec({ short, long, text, values, isRepeatable }: ShownOption): string {
  const told = text.replace(/[\\\]:[]/g, '\\$&');
  const rest = `[${told}]${values === undefined ? '' : `: :${action(values)}`}`;
  const takes = values !== undefined;
  const flags = [
    short === undefined ? undefined : `${short}${takes ? '+' : ''}`,
    long === undefined ? undefined : `${long}${takes ? '=' : ''}`,
  ].filter((flag) => flag !== undefined);
  const several = isRepeatable ? '*' : '';
  if (flags.length === 1) return quoted(`${several}${flags[0]}${rest}`);
  const exclusive = isRepeatable ? '' : quoted(`(${short} ${long})`);
  return `${exclusive || quoted('*')}{${flags.join(',')}}${quoted(rest)}`;
}

function action(values: Values): string {
  switch (values.kind) {
    case 'words':
      // After a space _arguments leaves the words of an action as they are.
      return ` ${values.isList ? '_netscribe_list' : '_netscribe_some'} ${values.set}`;
    case 'files':
      return '_files';
    case 'folders':
      return '_files -/';
    case 'unknown':
      return ' ';
    default:
      return ` _netscribe_${values.kind}`;
  }
}
