// netscribe completion: the script that makes a shell complete our commands, options, records and fields.

import type { Command } from 'commander';
import { nearest } from '../config/nearest.ts';
import { UsageError } from '../config/usage-error.ts';
import { type CommandTable, newCommand, parse, withHelp } from './command.ts';
import { bashCompletion } from './completion/bash.ts';
import { fishCompletion } from './completion/fish.ts';
import { type CompletionModel, completionModel, SHELLS, type Shell } from './completion/model.ts';
import { zshCompletion } from './completion/zsh.ts';
import { EXIT_OK } from './exit.ts';
import { print } from './print.ts';

const EXAMPLES = `  source <(netscribe completion bash)                                       bash, now; in ~/.bashrc for good
  netscribe completion zsh > ~/.zfunc/_netscribe                            zsh, in a folder of fpath
  netscribe completion fish > ~/.config/fish/completions/netscribe.fish     fish`;

const SCRIPTS: Readonly<Record<Shell, (model: CompletionModel) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

export function definition(): Command {
  return newCommand('completion', 'The completion script for a shell.', EXAMPLES).argument(
    '<shell>',
    SHELLS.join(', '),
  );
}

export function main(words: string[], commands: CommandTable): Promise<number> {
  return withHelp(async () => {
    const command = definition();
    parse(command, words);
    const [word] = command.args;
    const shell = SHELLS.find((name) => name === word);
    if (shell === undefined) {
      const guess = nearest(word, SHELLS);
      throw new UsageError(
        `there is no completion for '${word}'${guess === undefined ? '' : `: did you mean '${guess}'?`} (there are ${SHELLS.join(', ')})`,
      );
    }
    print(SCRIPTS[shell](await completionModel(commands)));
    return EXIT_OK;
  });
}
