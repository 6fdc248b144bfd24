// What a run tells at its end: for people on standard error, for scripts as one line of JSON.

import { OUTCOME_DOC, OUTCOMES } from '../engine/ledger.ts';
import type { RunResult } from '../engine/result.ts';
import { damageText } from './damage-text.ts';
import { grouped, siBytes, span, utcTime } from './figures.ts';

const TOP_TALKERS = 5;

/** Names in the ledger that tell of loss, as opposed to what is merely counted. */
const MERELY_COUNTED = /^(flows\.created|flows\.expired|flows\.port_reused|stream\.keepalive|clock\.backwards)$/;

/** Several lines, without an end of line behind the last. */
export function summaryForPeople(result: RunResult): string {
  const lines: string[] = [];
  if (result.packets === 0) lines.push('no packets');
  else {
    const seconds = result.lastSeconds - result.firstSeconds + (result.lastNanos - result.firstNanos) / 1e9;
    lines.push(`${grouped(result.packets)} packets, ${siBytes(result.frameBytes)} on the wire`);
    if (result.firstSeconds >= 0) {
      lines.push(
        `${utcTime(result.firstSeconds, result.firstNanos)} to ${utcTime(result.lastSeconds, result.lastNanos)} (${span(Math.max(0, seconds))})`,
      );
    }
    if (Object.keys(result.records).length > 0) lines.push('');
    const width = Math.max(...Object.keys(result.records).map((name) => name.length), 4);
    for (const [name, n] of Object.entries(result.records)) {
      // What was looked for and not found would only fill the screen.
      if (name === 'loss' || (n === 0 && name !== 'flow')) continue;
      if (name === 'flow') {
        const flows = result.ledger.counts.get('flows.created') ?? 0;
        lines.push(`  ${'flow'.padEnd(width)}  ${grouped(flows).padStart(9)} flows in ${grouped(n)} documents`);
      } else {
        const errors = result.errors[name] ?? 0;
        lines.push(
          `  ${name.padEnd(width)}  ${grouped(n).padStart(9)} ${n === 1 ? 'transaction' : 'transactions'}${errors > 0 ? `, ${grouped(errors)} with errors` : ''}`,
        );
      }
    }
    const top = result.talkers.top(TOP_TALKERS);
    if (top.length > 0) {
      lines.push('', `Top talkers${result.talkers.isPartial ? ' (of more pairs than can be counted: about)' : ''}`);
      for (const { source, destination, bytes } of top)
        lines.push(`  ${siBytes(bytes).padStart(9)}  ${source} → ${destination}`);
    }
  }
  const { live } = result.stats;
  if (live !== undefined) {
    lines.push(
      '',
      `The kernel passed ${grouped(live.received)} packets; of the ring's ${live.ringBlocks} blocks, ${live.ringHighWater} were in use at most.`,
    );
  }
  const lost = lossLines(result);
  lines.push('', lost.length === 0 ? nothingLost(result) : 'Not everything is in the records:', ...lost);
  return lines.join('\n');
}

function lossLines(result: RunResult): string[] {
  const lines: string[] = [];
  for (const [i, name] of OUTCOMES.entries()) {
    if (name === 'flow' || name === 'undecoded' || result.ledger.packets[i] === 0) continue;
    lines.push(`  ${grouped(result.ledger.packets[i]).padStart(9)} packets ${OUTCOME_DOC[name]}`);
  }
  const { kernelDropped, live } = result.stats;
  if (kernelDropped > 0) {
    lines.push(
      `  ${grouped(kernelDropped).padStart(9)} packets dropped by the kernel: the ring was full ${grouped(live?.freezes ?? 0)} times`,
    );
  }
  for (const [name, n] of [...result.ledger.counts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!MERELY_COUNTED.test(name)) lines.push(`  ${grouped(n).padStart(9)} ${name}`);
  }
  for (const damage of result.stats.damaged) {
    lines.push(`  ${damageText(damage)}`);
  }
  return lines;
}

/** One line for scripts (see docs/command-line.md). */
export function summaryForScripts(result: RunResult): string {
  const outcomes: Record<string, number> = {};
  for (const [i, name] of OUTCOMES.entries()) outcomes[name] = result.ledger.packets[i];
  const outcomeBytes: Record<string, number> = {};
  for (const [i, name] of OUTCOMES.entries()) outcomeBytes[name] = result.ledger.bytes[i];
  const counts = Object.fromEntries([...result.ledger.counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  const known = result.firstSeconds >= 0;
  return JSON.stringify({
    packets: result.packets,
    bytes: result.frameBytes,
    firstPacket: known ? utcTime(result.firstSeconds, result.firstNanos) : null,
    lastPacket: known ? utcTime(result.lastSeconds, result.lastNanos) : null,
    records: result.records,
    errors: result.errors,
    outcomes,
    outcomeBytes,
    loss: {
      kernel: result.stats.kernelDropped,
      malformed: outcomes.malformed,
      cut: outcomes.cut,
      streamGaps: result.ledger.counts.get('stream.gap') ?? 0,
      evicted: result.ledger.counts.get('flows.evicted') ?? 0,
      ...counts,
    },
    ...(result.stats.live === undefined ? {} : { live: result.stats.live }),
    damaged: result.stats.damaged[0] ?? null,
  });
}

/** Of packets that nobody looked into, only their number is known. */
function nothingLost(result: RunResult): string {
  const isUndecoded = result.ledger.packets[OUTCOMES.indexOf('undecoded')] > 0;
  return isUndecoded
    ? 'Nothing was lost. Packets were written as they are, not decoded.'
    : 'Nothing was lost or malformed.';
}
