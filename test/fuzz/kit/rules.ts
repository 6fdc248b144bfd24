// What must hold for every input, whatever it is. A broken rule is thrown as a Finding; what the code under test throws passes through.

import { type Exchange, octetsOf, type Step } from './exchange.ts';
import { type Feeding, Finding, type Outcome, type Target, WHOLE } from './target.ts';

const SHARED_OBJECTS: readonly (readonly [string, object])[] = [
  ['Object.prototype', Object.prototype],
  ['Array.prototype', Array.prototype],
  ['Map.prototype', Map.prototype],
  ['Function.prototype', Function.prototype],
];
const namesOf = () => SHARED_OBJECTS.map(([, object]) => Reflect.ownKeys(object).length);
const NAMES_BEFORE = namesOf();

/** Runs `exchange` once; the rules that one run can show. */
export function runOnce(target: Target, exchange: Exchange, feeding: Feeding = WHOLE): Outcome {
  const outcome = target.run(exchange, feeding);
  const after = namesOf();
  NAMES_BEFORE.forEach((count, i) => {
    if (after[i] !== count) throw new Finding('prototype', `${SHARED_OBJECTS[i][0]} was changed`);
  });
  return outcome;
}

/**
 * All rules: the same again gives the same, whatever stands around the input; a stream gives the same however it is cut.
 * `piece`: size of the pieces to try beside single octets.
 */
export function check(target: Target, exchange: Exchange, piece = 7): Outcome {
  const outcome = runOnce(target, exchange);
  compare('determinism', outcome, runOnce(target, exchange, { piece: 0, canary: 0xff }));
  if (target.isCuttable(exchange)) {
    for (const size of [1, piece]) {
      const cut = runOnce(target, exchange, { piece: size, canary: 0x41 });
      if (outcome.dependsOnCut !== true && cut.dependsOnCut !== true)
        compare(`cut into pieces of ${size}`, outcome, cut);
    }
  }
  return outcome;
}

/** Every beginning of the exchange, `at most` lengths of it, is run. */
export function checkTruncations(target: Target, exchange: Exchange, most = Number.POSITIVE_INFINITY): void {
  const octets = octetsOf(exchange);
  const step = Math.max(1, Math.ceil(octets / most));
  for (let length = 0; length <= octets; length += step) runOnce(target, truncated(exchange, length));
}

/** The first `octets` of all steps together. */
export function truncated(exchange: Exchange, octets: number): Exchange {
  let left = octets;
  const steps: Step[] = [];
  for (const step of exchange.steps) {
    const bytes = step.bytes.slice(0, left);
    left -= bytes.length;
    steps.push({ ...step, bytes });
    if (left === 0) break;
  }
  return { transport: exchange.transport, steps };
}

function compare(rule: string, one: Outcome, other: Outcome): void {
  if (one.text === other.text) return;
  const a = one.text.split('\n');
  const b = other.text.split('\n');
  const line = a.findIndex((text, i) => text !== b[i]);
  throw new Finding(
    rule,
    `differs in line ${line + 1}\n  ${excerpt(a[line], b[line])}\n  ${excerpt(b[line], a[line])}`,
  );
}

/** The part of a line where it begins to differ from another. */
function excerpt(line = '', other = ''): string {
  let at = 0;
  while (at < line.length && line[at] === other[at]) at++;
  return `…${line.slice(Math.max(0, at - 60), at + 120)}`;
}
