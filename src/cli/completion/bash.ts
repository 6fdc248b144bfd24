// The completion for bash (Bash Reference Manual, "Programmable Completion"). It needs bash alone; words are in it, so that
// completing starts no other program.

import type { CompletionModel, ShownCommand, ShownOption, Values } from './model.ts';

export function bashCompletion({ commands, words }: CompletionModel): string {
  const sets = Object.entries(words).map(([name, all]) => `_netscribe_${name}='${all.join(' ')}'`);
  const options = commands.map(
    ({ name, options: all }) => `    ${name}) options='${all.flatMap(flagsOf).join(' ')}' ;;`,
  );
  const values = commands.flatMap((command) =>
    command.options
      .filter((option) => option.values !== undefined)
      .map(
        (option) =>
          `    ${flagsOf(option)
            .map((flag) => `'${command.name} ${flag}'`)
            .join('|')}) ${action(option.values!)} ;;`,
      ),
  );
  const places = commands.map((command) => `    ${command.name}) ${placesOf(command)} ;;`);
  return `# Completion of netscribe for bash. Made by: netscribe completion bash
${sets.join('\n')}

# Words of a set that begin as the present word does.
_netscribe_some() {
  COMPREPLY=($(compgen -W "$1" -- "$cur"))
}

# The same behind the last comma of a list.
_netscribe_list() {
  local head='' tail=$cur
  case $cur in *,*) head=\${cur%,*}, tail=\${cur##*,} ;; esac
  COMPREPLY=($(compgen -P "$head" -W "$1" -- "$tail"))
  compopt -o nospace 2>/dev/null || true
}

_netscribe_files() {
  COMPREPLY=($(compgen -f -- "$cur"))
  compopt -o filenames 2>/dev/null || true
}

_netscribe_folders() {
  COMPREPLY=($(compgen -d -- "$cur"))
  compopt -o filenames 2>/dev/null || true
}

_netscribe_interfaces() {
  _netscribe_list "any $(ls /sys/class/net 2>/dev/null)"
}

_netscribe_queries() {
  local file names=''
  for file in "\${XDG_CONFIG_HOME:-$HOME/.config}/netscribe/queries"/*.json; do
    [ -f "$file" ] && file=\${file##*/} && names="$names \${file%.json}"
  done
  _netscribe_some "$names"
}

_netscribe() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command=\${COMP_WORDS[1]} options='' place=0 i
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    _netscribe_some "$_netscribe_commands help --help --version"
    return
  fi
  # --format=csv comes as three words, and so does ndjson:- behind --to.
  if [ "$prev" = = ]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; elif [ "$cur" = = ]; then cur=''; fi
  case "$command $prev" in
    'help help') _netscribe_some "$_netscribe_commands"; return ;;
${values.map((line) => line.replace(' ;;', '; return ;;')).join('\n')}
  esac
  case $command in
${options.join('\n')}
  esac
  case $cur in -*) _netscribe_some "$options"; return ;; esac
  for ((i = 2; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in -*) ;; *) place=$((place + 1)) ;; esac
  done
  case $command in
${places.join('\n')}
  esac
}

complete -F _netscribe netscribe
`;
}

const flagsOf = ({ short, long }: ShownOption): string[] => [short, long].filter((flag) => flag !== undefined);

function action(values: Values): string {
  switch (values.kind) {
    case 'words':
      return `${values.isList ? '_netscribe_list' : '_netscribe_some'} "$_netscribe_${values.set}"`;
    case 'unknown':
      return ':';
    default:
      return `_netscribe_${values.kind}`;
  }
}

/** The first argument by its own values, all others by those of the last. */
function placesOf({ arguments: places }: ShownCommand): string {
  if (places.length === 0) return ':';
  const first = action(places[0]);
  const rest = action(places[places.length - 1]);
  return first === rest ? first : `if [ "$place" -eq 0 ]; then ${first}; else ${rest}; fi`;
}
