// The commands there are. The command line, completions and man pages are made from this table and from each command's definition.

import type { CommandTable } from './command.ts';

/** Each command is a module of its own, loaded when it is called: start-up costs what is used. */
export const COMMANDS: CommandTable = {
  capture: {
    summary: 'packets in, records out: flows and transactions of capture files',
    load: () => import('./capture.ts'),
  },
  run: {
    summary: 'the daemon: captures, stores, answers; reconfigured while it runs',
    load: () => import('./run.ts'),
  },
  status: { summary: 'what the running daemon does', load: () => import('./status.ts') },
  config: { summary: "the running daemon's configuration: show, reload", load: () => import('./config.ts') },
  query: {
    summary: 'ask for flows and transactions, from the store or straight from a capture',
    load: () => import('./query.ts'),
  },
  sql: { summary: 'ask the store in SQL', load: () => import('./sql.ts') },
  tcp: { summary: 'what happens to TCP sockets of this machine, and by whom', load: () => import('./tcp.ts') },
  store: { summary: 'look after the store: check, repair, merge, prune', load: () => import('./store.ts') },
  records: { summary: 'what records there are, and their fields', load: () => import('./records.ts') },
  interfaces: { summary: 'what there is to capture on', load: () => import('./interfaces.ts') },
  doctor: {
    summary: 'what this machine can do, and what is missing for the rest',
    load: () => import('./doctor.ts'),
  },
  completion: { summary: 'completion for bash, zsh and fish', load: () => import('./completion.ts') },
};

/** Other names of commands. */
export const ALIASES: Readonly<Record<string, string>> = { audit: 'tcp' };
