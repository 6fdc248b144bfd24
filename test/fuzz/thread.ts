// One target, in a thread that can be ended from outside.

import { parentPort, workerData } from 'node:worker_threads';
// First: it counts what is compiled behind it.
import './kit/counters.ts';
import { fromText, octetsOf, toText } from './kit/exchange.ts';
import { Explorer, essential } from './kit/explorer.ts';
import { targets } from './targets/index.ts';

export interface Task {
  readonly name: string;
  readonly mutants: number;
  readonly seed: number;
  /** Inputs of earlier runs and of captures, as text. */
  readonly corpus: readonly string[];
  /** A counter of inputs, the length of a text, the text of the present one. */
  readonly note: SharedArrayBuffer;
  readonly wantsEssential: boolean;
}

export interface Answer {
  readonly executed: number;
  readonly reached: number;
  readonly cpuSeconds: number;
  readonly corpus: readonly string[];
  readonly found: readonly { message: string; text: string }[];
  readonly essential: readonly string[];
}

/** Longer inputs are not worth a place in the repository. */
const MAX_KEPT_OCTETS = 600;

const MUTANTS_PER_FLOOD = 1000;
const FLOOD_OCTETS = 8 * 1024;

const task = workerData as Task;
const words = new Int32Array(task.note, 0, 2);
const text = Buffer.from(task.note, 8);

const [target] = await targets([task.name]);
const before = process.cpuUsage();
const explorer = new Explorer(target, {
  seed: task.seed,
  corpus: task.corpus.map(fromText),
  before: (exchange) => {
    Atomics.add(words, 0, 1);
    // Only what may take long is worth being written down.
    if (octetsOf(exchange) > 0) Atomics.store(words, 1, text.write(toText(exchange).slice(0, text.length), 'latin1'));
  },
});
explorer.explore(task.mutants);
explorer.flood(Math.ceil(task.mutants / MUTANTS_PER_FLOOD), FLOOD_OCTETS);
const corpus = explorer.corpus.map(toText);
const { user, system } = process.cpuUsage(before);
const small = task.wantsEssential ? explorer.corpus.filter((exchange) => octetsOf(exchange) <= MAX_KEPT_OCTETS) : [];
const answer: Answer = {
  executed: explorer.executed,
  reached: explorer.reached,
  cpuSeconds: (user + system) / 1e6,
  corpus,
  found: explorer.found.map(({ message, exchange }) => ({ message, text: toText(exchange) })),
  essential: essential(target, small).map(toText),
};
parentPort!.postMessage(answer);
