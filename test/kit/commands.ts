// Our commands, one after the other in one process. Starting a process costs several times what most commands do, and tests start some
// hundred: so what a command says, writes and answers is tested here, and in processes of their own what only those have (signals, pipes,
// terminals, privileges, the launcher). It is the same program that is run anew each time, and it has to come to its end: what would keep
// a process alive fails the test.

import { type ChildProcess, spawn } from 'node:child_process';
import { GARBAGE } from './garbage.ts';
import { MAIN } from './program.ts';
import { PROJECT } from './shared.ts';

/** What is asked of run-commands.ts. */
export interface Asked {
  words: readonly string[];
  cwd: string;
  env: Record<string, string | undefined>;
  input: string | Uint8Array;
}

/** What a command left behind. */
export interface Said {
  code: number;
  out: string;
  err: string;
  /** Standard output as it is. */
  bytes: Uint8Array;
}

interface Surroundings {
  /** Where it runs; this process's folder, unless said. */
  cwd?: string;
  /** Added to the environment. */
  env?: Record<string, string | undefined>;
  /** Standard input: a file with this in it. */
  input?: string | Uint8Array;
}

class Commands {
  readonly child: ChildProcess;
  #pending: PromiseWithResolvers<Said> | undefined;

  constructor() {
    this.child = spawn(process.execPath, [...GARBAGE, `${PROJECT}test/kit/run-commands.ts`, MAIN], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    // It ends with this process, which it keeps from ending only while something is asked of it.
    this.child.unref();
    this.child.channel!.unref();
    this.child.on('message', (said: Said | { error: string }) => {
      if ('error' in said) this.#pending?.reject(new Error(said.error));
      else this.#pending?.resolve(said);
    });
    this.child.on('exit', (code, signal) => {
      commands = undefined;
      this.#pending?.reject(new Error(`it took its process with it: ${code ?? signal}`));
    });
  }

  async ask(asked: Asked): Promise<Said> {
    this.#pending = Promise.withResolvers();
    this.child.channel!.ref();
    this.child.send(asked);
    try {
      return await this.#pending.promise;
    } catch (error) {
      throw new Error(`netscribe ${asked.words.join(' ')}: ${(error as Error).message}`);
    } finally {
      this.child.channel?.unref();
    }
  }
}

let commands: Commands | undefined;
let before: Promise<unknown> = Promise.resolve();

/** Runs `netscribe` with these words, after what was asked before. */
export function netscribe(
  words: readonly string[],
  { cwd = process.cwd(), env = {}, input = '' }: Surroundings = {},
): Promise<Said> {
  const asked = { words, cwd, env: { ...process.env, ...env }, input };
  const said = before.then(() => {
    commands ??= new Commands();
    return commands.ask(asked);
  });
  before = said.catch(() => undefined);
  return said;
}

/** The same for commands that succeed: what they print. Throws with what was said where they do not. */
export async function printedBy(words: readonly string[], surroundings: Surroundings = {}): Promise<string> {
  const { code, out, err } = await netscribe(words, surroundings);
  if (code !== 0) throw new Error(`netscribe ${words.join(' ')} ended with ${code}:\n${err}`);
  return out;
}
