// npm run fuzz: every target at length, guided by coverage.
//
//   npm run fuzz                              100,000 mutants of each target
//   npm run fuzz -- tls dhcpv4 --mutants 1e6  some targets, more of them
//   npm run fuzz -- --seed 7                  other mutants
//   npm run fuzz -- --captures DIR            seeds from the conversations of these captures too
//   npm run fuzz -- --keep                    puts the inputs that together reach everything into test/fuzz/corpus/
//
// What was reached before is kept in .cache/fuzz/ and is where the next run goes on. Each broken rule is printed with a small input that
// breaks it, in the form of test/fuzz/corpus/ where it belongs once it is repaired. A target runs in a thread of its own: an input that
// never ends is found too.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { PROJECT } from '../kit/shared.ts';
import { fromText, toText } from './kit/exchange.ts';
import { recordExchanges } from './kit/recorded.ts';
import { targets } from './targets/index.ts';
import type { Answer, Task } from './thread.ts';

const CACHE = `${PROJECT}.cache/fuzz/`;
const CORPUS = `${PROJECT}test/fuzz/corpus/`;
/** No input may take so long. */
const PATIENCE_MS = 60_000;
/** Larger captures have the same conversations, only more of them. */
const MAX_CAPTURE_BYTES = 512 * 1024;
/** Text of the input that runs at present; a longer one is cut. */
const NOTE_BYTES = 256 * 1024;

const { values, positionals } = words();
const mutants = Number(values.mutants);
const seed = Number(values.seed);
if (!(mutants >= 0) || !Number.isInteger(seed)) refuse('--mutants and --seed are numbers');
const names: readonly { name: string }[] = await targets(positionals).catch((error: Error) => refuse(error.message));

const recorded = values.captures === undefined ? undefined : await recordExchanges(capturesOf(values.captures));

let findings = 0;
for (const { name } of names) findings += await fuzz(name);
console.log(findings === 0 ? 'nothing found' : `${findings} found`);
process.exitCode = findings === 0 ? 0 : 1;

function words() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        mutants: { type: 'string', default: '100000' },
        seed: { type: 'string', default: '1' },
        captures: { type: 'string' },
        keep: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return refuse((error as Error).message);
  }
}

function refuse(reason: string): never {
  console.error(
    `npm run fuzz: ${reason}\nusage: npm run fuzz -- [TARGET…] [--mutants N] [--seed N] [--captures DIR] [--keep]`,
  );
  process.exit(2);
}

async function fuzz(name: string): Promise<number> {
  const folder = `${CACHE}${name}/`;
  mkdirSync(folder, { recursive: true });
  const corpus = readdirSync(folder)
    .filter((file) => file.endsWith('.txt'))
    .sort()
    .map((file) => readFileSync(folder + file, 'utf8'));
  const note = new SharedArrayBuffer(NOTE_BYTES);
  corpus.push(...(recorded?.get(name) ?? []).map(toText));
  const task: Task = { name, mutants, seed, corpus, note, wantsEssential: values.keep };
  const answer = await run(task);
  if (typeof answer === 'string') {
    console.log(`${name}: an input did not end within ${PATIENCE_MS / 1000} s\n${answer}`);
    writeFileSync(`${folder}endless.input`, answer);
    return 1;
  }
  rmSync(folder, { recursive: true });
  mkdirSync(folder, { recursive: true });
  for (const [i, text] of answer.corpus.entries()) writeFileSync(`${folder}${String(i).padStart(5, '0')}.txt`, text);
  if (values.keep) keep(name, answer.essential);
  const { executed, reached, cpuSeconds } = answer;
  const rate = Math.round(executed / Math.max(cpuSeconds, 0.001));
  console.log(
    `${name}: ${executed} runs, ${rate}/s of CPU, ${answer.corpus.length} inputs kept, ${reached} characters of code reached, ${answer.found.length} found`,
  );
  for (const { message, text } of answer.found) console.log(`\n${name}: ${message}\n${text}`);
  return answer.found.length;
}

/** The answer, or the text of the input that never ended. */
function run(task: Task): Promise<Answer | string> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./thread.ts', import.meta.url), {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: 1024 },
    });
    const words = new Int32Array(task.note, 0, 2);
    let before = -1;
    const watch = setInterval(() => {
      const now = Atomics.load(words, 0);
      if (now !== before || now === 0) {
        before = now;
        return;
      }
      const text = Buffer.from(task.note, 8, Atomics.load(words, 1)).toString('latin1');
      void worker.terminate().then(() => resolve(text));
    }, PATIENCE_MS);
    worker.once('message', (answer: Answer) => resolve(answer));
    worker.once('error', reject);
    worker.once('exit', () => clearInterval(watch));
  });
}

function capturesOf(place: string): string[] {
  if (!existsSync(place)) refuse(`--captures ${place}: no such file or folder`);
  if (!statSync(place).isDirectory()) return [place];
  return readdirSync(place)
    .filter((file) => /\.(?:pcap|pcapng|cap|trace)(?:\.gz)?$/.test(file))
    .sort()
    .map((file) => path.join(place, file))
    .filter((file) => statSync(file).size <= MAX_CAPTURE_BYTES);
}

/** The committed corpus: replaced by the inputs that reach everything. Small ones only: long ones are made from them by mutation. */
function keep(name: string, texts: readonly string[]): void {
  const folder = `${CORPUS}${name}/`;
  mkdirSync(folder, { recursive: true });
  for (const file of readdirSync(folder)) if (/^reach-\d+\.txt$/.test(file)) rmSync(folder + file);
  texts.forEach((text, i) => {
    if (fromText(text).steps.length > 0 && toText(fromText(text)) === text)
      writeFileSync(`${folder}reach-${String(i).padStart(3, '0')}.txt`, text);
  });
}
