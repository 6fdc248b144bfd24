// The same traffic gives the same documents, byte for byte: with any number of workers, from a file or from standard input cut
// anywhere, with and without a cap on flows that is reached all the time. The last of the runs is as users have it: the launcher, a pipe.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Clock } from '../../src/engine/clock.ts';
import { Dissector } from '../../src/engine/dissect.ts';
import { Ledger } from '../../src/engine/ledger.ts';
import { DISSECT_DEFAULTS } from '../../src/engine/plan.ts';
import { shardOwners } from '../../src/engine/pool.ts';
import { SHARDS } from '../../src/flow/hash.ts';
import { ROW, ROW_SHARD, Stage } from '../../src/flow/stage.ts';
import { openInputs } from '../../src/sources/open.ts';
import { netscribe } from '../kit/commands.ts';
import { officeTraffic } from '../kit/generate/mixed.ts';
import { writePcap } from '../kit/generate/pcap-writer.ts';
import { Random } from '../kit/generate/random.ts';
import { TroubledTraffic } from '../kit/generate/troubled.ts';
import { LAUNCHER } from '../kit/program.ts';

const isFull = process.env.NETSCRIBE_TEST === 'full';
/** Thousands of flows. Everything below grows with them; three already meet every limit, report and eviction many times. */
const SIZE = isFull ? 150 : 3;
const FLOWS = SIZE * 1000;
const PACKETS = SIZE * 2800;
/** 105 s of traffic: three reports at an interval of 30 s. */
const PACKETS_PER_SECOND = Math.round(PACKETS / 105);
/** A run that takes longer hangs: it is ended, and the test says which one it was. */
const PATIENCE_MS = isFull ? 1_200_000 : 280_000;
const SEED = 7;
/** Nearly every packet of the plain flows opens one: that many flows fit into so few packets. */
const NEWCOMERS = 0.9;
const INTERVAL = ['--interval', '30s'];
const CAP = ['--set', `flows.max=${SIZE * 130}`];

interface Output {
  digest: string;
  bytes: number;
  lines: number;
  summary: {
    packets: number;
    records: Record<string, number>;
    outcomes: Record<string, number>;
    loss: Record<string, number>;
  };
}

let folder = '';
let file = '';
/** What one thread makes of the file with the default cap, with reports. */
let reference: Output;
/** The same under a cap that ends flows all the time. */
let capped: Output;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'netscribe-determinism-'));
  file = join(folder, 'troubled.pcap');
  const traffic = new TroubledTraffic(officeTraffic(FLOWS, SEED, NEWCOMERS), SEED);
  writePcap(file, traffic, { packets: PACKETS, packetsPerSecond: PACKETS_PER_SECOND, seed: SEED });
  reference = await capture(['-r', file, ...INTERVAL]);
  capped = await capture(['-r', file, ...INTERVAL, ...CAP]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const REPORT = ['--json', '-q', '--summary', 'json'];
const summaryOf = (said: string) => JSON.parse(said.trim().split('\n').at(-1) ?? '');

/** What `capture … --json` makes of a file; of a big one, in a process of its own, as more than fits into memory. */
async function capture(words: readonly string[]): Promise<Output> {
  if (isFull) return captureAlone(words);
  const { code, bytes, out, err } = await netscribe(['capture', ...words, ...REPORT]);
  if (code !== 0) throw new Error(`netscribe capture ${words.join(' ')} ended with ${code}:\n${err}`);
  const digest = createHash('sha256').update(bytes).digest('hex');
  return { digest, bytes: bytes.length, lines: out.split('\n').length - 1, summary: summaryOf(err) };
}

/** The same in a process of its own. `chunks`: the file goes to standard input in pieces of random sizes. */
async function captureAlone(words: readonly string[], chunks?: Random): Promise<Output> {
  const child = spawn(process.execPath, [LAUNCHER, 'capture', ...words, ...REPORT], {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: PATIENCE_MS,
    killSignal: 'SIGKILL',
  });
  const closed = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.once('close', (code, signal) => resolve(code ?? signal)),
  );
  // The child may be gone before it has read everything: its exit code says more than the broken pipe.
  child.stdin.on('error', () => {});
  const hash = createHash('sha256');
  let bytes = 0;
  let lines = 0;
  let said = '';
  child.stdout.on('data', (data: Buffer) => {
    hash.update(data);
    bytes += data.length;
    for (let at = data.indexOf(10); at >= 0; at = data.indexOf(10, at + 1)) lines++;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  if (chunks === undefined) child.stdin.end();
  else await feed(child.stdin, chunks);
  const code = await closed;
  if (code !== 0) throw new Error(`netscribe capture ${words.join(' ')} ended with ${code}:\n${said}`);
  return { digest: hash.digest('hex'), bytes, lines, summary: summaryOf(said) };
}

/** Pieces from one byte to 200 kB, small ones often. */
async function feed(input: NodeJS.WritableStream, random: Random): Promise<void> {
  // A child that is gone makes no drain: `capture` reports its exit code.
  const gone = once(input, 'close');
  for await (const read of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
    const data = read as Buffer;
    for (let at = 0; at < data.length; ) {
      const length = random.chance(0.05) ? random.between(1, 40) : random.between(100, 200_000);
      const piece = data.subarray(at, at + length);
      at += piece.length;
      if (!input.write(piece)) await Promise.race([once(input, 'drain'), gone]).catch(() => undefined);
      if (!input.writable) return;
    }
  }
  input.end();
}

/** Packets of each shard: which worker gets how much follows from it. */
async function packetsByShard(): Promise<Float64Array> {
  const packets = new Float64Array(SHARDS);
  const source = openInputs([file], {});
  await source.open();
  const dissector = new Dissector(DISSECT_DEFAULTS, new Ledger(), new Clock(), [1, 2]);
  const stage = new Stage(16_384);
  for (;;) {
    const batch = await source.next();
    if (batch === 'end') break;
    if (batch === 'idle') continue;
    for (let from = 0; from < batch.count; ) {
      stage.clear();
      from = dissector.run(batch, from, stage);
      for (let row = 0; row < stage.count; row++) packets[stage.rows[row * ROW + ROW_SHARD]]++;
    }
    source.release(batch);
  }
  await source.close();
  return packets;
}

describe('the generated file', () => {
  it('has what makes determinism hard', () => {
    const { packets, records, outcomes, loss } = reference.summary;
    expect(packets).toBe(PACKETS);
    expect(records.http).toBeGreaterThan(SIZE * 130);
    expect(records.dns).toBeGreaterThan(SIZE * 130);
    expect(records.icmp).toBeGreaterThan(SIZE * 6);
    // More documents than flows: there were reports in between.
    expect(records.flow).toBeGreaterThan(FLOWS * 1.2);
    expect(loss['flows.created']).toBeGreaterThan(FLOWS);
    expect(loss.streamGaps).toBeGreaterThan(SIZE / 2);
    expect(loss['fragments.timeout']).toBeGreaterThan(SIZE * 3);
    expect(outcomes.malformed).toBe(0);
    expect(reference.lines).toBe(Object.values(records).reduce((sum, n) => sum + n, 0));
  });

  it('keeps a cap on flows busy', () => {
    expect(capped.summary.loss.evicted).toBeGreaterThan(SIZE * 65);
    expect(capped.digest).not.toBe(reference.digest);
  });
});

describe('several workers', () => {
  it('each have a fair part of the packets, two of them and four', async () => {
    const packets = await packetsByShard();
    for (const workers of [2, 4]) {
      const shares = new Float64Array(workers);
      const owners = shardOwners(workers);
      for (let shard = 0; shard < SHARDS; shard++) shares[owners[shard]] += packets[shard];
      const sum = shares.reduce((a, b) => a + b, 0);
      for (const share of shares) expect(share / sum).toBeGreaterThan(0.1);
    }
  });

  it.each(isFull ? [2, 4] : [4])(
    '%i write the bytes of one, under a cap that ends flows all the time',
    async (workers) => {
      expect(await capture(['-r', file, ...INTERVAL, ...CAP, '--workers', String(workers)])).toEqual(capped);
    },
  );

  it.each(isFull ? [2, 4] : [2])(
    '%i write them from standard input in random pieces, with room for all flows',
    async (workers) => {
      expect(await captureAlone(['-r', '-', ...INTERVAL, '--workers', String(workers)], new Random(3))).toEqual(
        reference,
      );
    },
  );
});
