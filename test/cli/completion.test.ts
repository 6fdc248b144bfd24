// Completions as the shells themselves give them: the script is sourced and asked.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { bashCompletion } from '../../src/cli/completion/bash.ts';
import { fishCompletion } from '../../src/cli/completion/fish.ts';
import { type CompletionModel, completionModel, type Shell } from '../../src/cli/completion/model.ts';
import { zshCompletion } from '../../src/cli/completion/zsh.ts';
import { unless } from '../kit/unless.ts';

const folder = mkdtempSync(join(tmpdir(), 'netscribe-completion-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, 'netscribe/queries'), { recursive: true });
writeFileSync(join(folder, 'netscribe/queries/nightly.json'), '{}');
mkdirSync(join(folder, 'captures'));
writeFileSync(join(folder, 'traffic.pcap'), '');

let model: CompletionModel;
beforeAll(async () => {
  model = await completionModel(COMMANDS);
  writeFileSync(join(folder, 'bash'), bashCompletion(model));
  writeFileSync(join(folder, 'zsh'), zshCompletion(model));
  writeFileSync(join(folder, 'fish'), fishCompletion(model));
});

const has = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0;

function run(shell: Shell, words: string[], input = ''): string {
  const { stdout, stderr, status } = spawnSync(shell, words, {
    cwd: folder,
    input,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: folder, XDG_CONFIG_HOME: folder, TERM: 'xterm', LANG: 'C.UTF-8' },
  });
  expect([stderr, status]).toEqual(['', 0]);
  return stdout;
}

/** What the shell offers for lines whose last word is being typed. */
const ASK: Readonly<Record<Shell, (lines: readonly string[]) => string[][]>> = {
  bash: (lines) => {
    const script = [
      'source ./bash',
      ...lines.map((line) => {
        // Readline takes '=' for a word of its own.
        const words = line.split(' ').flatMap((word) => word.split(/(=)/).filter((part, i) => part !== '' || i === 0));
        return `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}) COMP_CWORD=${words.length - 1}; _netscribe; echo "\${COMPREPLY[*]}"`;
      }),
    ].join('\n');
    return run('bash', ['--norc', '--noprofile', '-c', script]).split('\n').slice(0, -1).map(wordsOf);
  },
  fish: (lines) => {
    const script = [
      'source ./fish',
      ...lines.map((line) => `complete -C '${line}' | string replace -r '\\t.*' ''; echo ---`),
    ].join('\n');
    return run('fish', ['--no-config', '-c', script]).split('---\n').slice(0, -1).map(wordsOf);
  },
  zsh: (lines) => {
    writeFileSync(join(folder, 'ask.zsh'), ZSH_DRIVER);
    return run('zsh', ['-f', 'ask.zsh', ...lines])
      .split('---\n')
      .slice(0, -1)
      .map(wordsOf);
  },
};
const wordsOf = (text: string): string[] =>
  text
    .split(/\s+/)
    .filter((word) => word !== '')
    .sort();

/**
 * A zsh in a pseudo terminal, as a user has it; compadd tells what it was given instead of showing it. Nothing is typed before the line
 * editor has begun to read: until then the terminal itself edits lines, and would take the key that empties a line for its own.
 */
const ZSH_DRIVER = `
zmodload zsh/zpty
zpty z zsh -f -i
send() { zpty -w z "$1" }
ready() { local seen; zpty -r z seen '*READY*' }
send 'PS1= RPS1= LISTMAX=9999; read-line() { print REA""DY }; zle -N zle-line-init read-line'
ready
run() { send "$1"; ready }
run 'autoload -Uz compinit; compinit -u -d ./zcompdump; source ./zsh'
cat > ./compadd.zsh <<'END'
compadd() {
  # Calls that only sort words into arrays offer nothing.
  if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)\\ * ]]; then builtin compadd "$@"; return; fi
  local -a hits
  builtin compadd -A hits "$@"
  print -r -- "FOUND $hits" >> ./found
  builtin compadd "$@"
}
END
run 'source ./compadd.zsh'
for line in "$@"; do
  : > ./found
  run "$line"$'\\t\\x15'
  sed -n 's/^FOUND //p' ./found
  print -r -- ---
done
zpty -d z
`;

type Question = [line: string, offers: string[], hides: string[]];
const QUESTIONS: Question[] = [
  ['netscribe qu', ['query'], ['capture']],
  ['netscribe query --exp', ['--explain'], ['--format']],
  ['netscribe query -e c', ['csv'], ['json']],
  ['netscribe query -s pack', ['packets'], ['bytes']],
  ['netscribe query talk_', ['talk_conv', 'talk_src', 'talk_dst'], ['raw']],
  ['netscribe query dns.qu', ['dns.question.name'], ['http.request.method']],
  ['netscribe query sip http.resp', ['http.response.status_code'], ['sip']],
  ['netscribe query -i l', ['lo'], ['any']],
  ['netscribe query --stored-query ni', ['nightly'], []],
  ['netscribe capture --records dn', ['dns'], ['http']],
  ['netscribe capture --to cs', ['csv:'], ['ndjson:']],
  ['netscribe capture -r tr', ['traffic.pcap'], []],
  ['netscribe records d', ['dns', 'dhcpv4'], ['http']],
  ['netscribe completion z', ['zsh'], ['bash']],
  ['netscribe help re', ['records'], ['query']],
];

describe.each(['bash', 'zsh', 'fish'] as const)('%s', (shell) => {
  unless(has(shell) ? '' : `${shell} is not installed here`).test('offers what fits', () => {
    const answers = ASK[shell](QUESTIONS.map(([line]) => line));
    QUESTIONS.forEach(([line, offers, hides], i) => {
      for (const word of offers) expect(answers[i], `${shell}: ${line}`).toContain(word);
      for (const word of hides) expect(answers[i], `${shell}: ${line}`).not.toContain(word);
    });
  });
  if (!has(shell)) console.warn(`SKIPPED: completion for ${shell}: it is not installed`);
});

describe('bash', () => {
  it('completes behind a comma and behind =', () => {
    const [list, equals, short] = ASK.bash([
      'netscribe query sip,dpo',
      'netscribe query --format=nd',
      'netscribe capture --records flow,http',
    ]);
    expect([list, equals]).toEqual([['sip,dport'], ['ndjson']]);
    expect(short).toContain('flow,http');
  });
});

describe('all of them', () => {
  it('know every command and option that there is', async () => {
    expect(model.commands.map(({ name }) => name)).toEqual(Object.keys(COMMANDS));
    for (const { name, options } of model.commands) {
      const definition = (await COMMANDS[name].load()).definition();
      expect(options.length).toBe(definition.options.length + 1);
    }
    for (const script of [bashCompletion(model), zshCompletion(model), fishCompletion(model)]) {
      for (const { options } of model.commands)
        for (const { long, short } of options) expect(script).toContain((long ?? short!).replace(/^-+/, ''));
    }
  });

  it('hold plain words only', () => {
    for (const [name, words] of Object.entries(model.words))
      for (const word of words) expect(word, name).toMatch(/^[\w][\w.:-]*$/);
  });

  it('every command has a file of its name', () => {
    const files = readdirSync(new URL('../../src/cli', import.meta.url));
    for (const name of Object.keys(COMMANDS)) expect(files).toContain(`${name}.ts`);
  });
});
