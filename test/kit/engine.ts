// Runs the engine in this process, into memory.

import type { PlanRequest } from '../../src/engine/plan.ts';
import { FLOW_DEFAULTS, makePlan } from '../../src/engine/plan.ts';
import type { RunResult } from '../../src/engine/result.ts';
import { run } from '../../src/engine/run.ts';
import type { RowBatch } from '../../src/records/row-batch.ts';
import type { RowSink, Sink } from '../../src/sinks/sink.ts';
import { type InputOptions, openInputs } from '../../src/sources/open.ts';

export class MemorySink implements RowSink {
  readonly name = 'memory';
  readonly encoding = 'ndjson';
  readonly chunks: Uint8Array[] = [];
  closed = false;
  async open(): Promise<void> {}
  write(batch: RowBatch): void {
    this.chunks.push(batch.bytes.slice());
  }
  async close(): Promise<void> {
    this.closed = true;
  }
  async abort(): Promise<void> {}

  get text(): string {
    return Buffer.concat(this.chunks).toString('utf8');
  }
}

export interface Run {
  result: RunResult;
  /** NDJSON. */
  text: string;
}

/** More flows than a capture of the tests has at a time; the room for a million takes four times as long to make as such a capture to read. */
const MAX_FLOWS = 16_384;

/** Runs over files; every record type unless the request says otherwise. */
export async function runFiles(
  paths: readonly string[],
  request: PlanRequest = {},
  inputs: InputOptions = {},
): Promise<Run> {
  const sink = new MemorySink();
  const result = await runInto(paths, [sink], request, inputs);
  return { result, text: sink.text };
}

/** The same into other sinks. */
export function runInto(
  paths: readonly string[],
  sinks: readonly Sink[],
  request: PlanRequest = {},
  inputs: InputOptions = {},
): Promise<RunResult> {
  const shared = { buffers: 4, allocate: (bytes: number) => new SharedArrayBuffer(bytes) };
  const plan = makePlan({
    inputs: paths,
    ...request,
    flow: { ...FLOW_DEFAULTS, maxFlows: MAX_FLOWS, ...request.flow },
  });
  return run(openInputs(paths, { ...(plan.workers > 1 ? shared : {}), ...inputs }), sinks, plan);
}

/** What a line of NDJSON says, as far as tests look into it. */
export interface Document {
  event: { dataset: string; end: string; start: string };
  flow: { id: string; final: boolean };
  network: { packets: number; bytes: number; transport: string; protocol?: string; vlan?: { id: string } };
  source: Endpoint;
  destination: Endpoint;
  netscribe: Record<string, unknown>;
  [name: string]: unknown;
}

interface Endpoint {
  ip: string;
  port: number;
  packets: number;
  bytes: number;
}

export function documents(text: string): Document[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Document);
}
