// TCP events into records and sinks, for as long as it is wanted. A live source never waits for a sink: while one is slow, events wait
// in the kernel, and what finds no room there is counted and told.

import { setImmediate as turn } from 'node:timers/promises';
import type { Sink } from '../sinks/sink.ts';
import { Containers } from '../tcp-state/containers.ts';
import { type Layout, layoutType, TcpDocuments } from '../tcp-state/documents.ts';
import type { TcpEvent } from '../tcp-state/event.ts';
import { matcherOf, remarkOn, type TcpStateFilter } from '../tcp-state/filter.ts';
import { eventKindsFor, type RecordKind } from '../tcp-state/lifecycle.ts';
import type { TcpStateSource, TcpStateStats } from '../tcp-state/source.ts';
import { pausesUntil } from './pauses.ts';
import { type RecordPlace, RecordRun } from './record-run.ts';

/** Events handled before sinks and signals get their turn. */
const DRAIN_EVENTS = 4096;

export interface TcpRunOptions {
  /** undefined: all. */
  kinds?: ReadonlySet<RecordKind>;
  layout: Layout;
  filter: TcpStateFilter;
  /** How often the kernel is asked when little happens. */
  pollMs: number;
  commitMs: number;
  /** Failures of the source in a row after which the run ends with its error. */
  maxErrors: number;
  /** Stop after so many records; 0: never. */
  maxRecords: number;
}

export interface TcpRunHooks {
  /** Ends the run, with everything that has happened until then handed on. */
  signal: AbortSignal;
  started?: () => void;
  /** Something to know about what is asked for. */
  remarked?: (text: string) => void;
  /** A failure of the source that is not the last straw. */
  failed?: (error: Error) => void;
  /** The kernel had no room for events. */
  lost?: (count: number) => void;
}

export interface TcpRunResult {
  records: Record<string, number>;
  stats: TcpStateStats;
}

/** Runs until it is told to stop. Source and sinks are closed when it returns or throws. */
export async function runTcpState(
  source: TcpStateSource,
  sinks: readonly Sink[],
  options: TcpRunOptions,
  hooks: TcpRunHooks,
): Promise<TcpRunResult> {
  const run = new RecordRun([layoutType(options.layout)], sinks, `tcp-state from ${source.name}`, options.commitMs);
  const documents = new TcpDocuments(
    options.kinds,
    options.layout,
    new Containers(),
    (record, view) => run.put(0, record, view),
    options.maxRecords,
  );
  try {
    await run.open();
    const kinds = options.layout === 'tcp-audit' ? new Set(['state'] as const) : options.kinds;
    const filter = withKinds(options.filter, kinds);
    await source.start(filter);
    hooks.started?.();
    const remark = remarkOn(filter);
    if (remark !== undefined) hooks.remarked?.(remark);
    await pumpTcpState(source, run, documents, filter, options, hooks);
    const stats = source.stats();
    await run.close();
    return { records: documents.counts, stats };
  } catch (error) {
    await run.abort();
    throw error;
  } finally {
    await source.close();
  }
}

/** What a source must tell so that records of these kinds can be made; undefined: all. */
export function withKinds(filter: TcpStateFilter, kinds: ReadonlySet<RecordKind> | undefined): TcpStateFilter {
  return kinds === undefined ? filter : { ...filter, kinds: eventKindsFor(kinds) };
}

/** Hands on the events of a source that listens, until it is told to stop. */
export async function pumpTcpState(
  source: TcpStateSource,
  run: RecordPlace,
  documents: TcpDocuments,
  filter: TcpStateFilter,
  options: Pick<TcpRunOptions, 'maxRecords' | 'maxErrors' | 'pollMs'>,
  { signal, failed, lost }: Omit<TcpRunHooks, 'started'>,
): Promise<void> {
  const matches = source.filters === true ? undefined : matcherOf(filter, new Containers());
  const emit = (event: TcpEvent) => {
    if (options.maxRecords > 0 && documents.records >= options.maxRecords) return;
    if (event.kind === 'lost') lost?.(event.count ?? 0);
    if (matches === undefined || matches(event)) documents.add(event);
  };
  const pause = pausesUntil(signal);
  let errors = 0;
  for (;;) {
    // Looked at before the draining: what happened until the signal is drained after it.
    const isLast = signal.aborted || (options.maxRecords > 0 && documents.records >= options.maxRecords);
    let drained = 0;
    try {
      do {
        drained = source.drain(DRAIN_EVENTS, emit, isLast);
        if (run.isFull) await run.flush();
      } while (isLast && drained >= DRAIN_EVENTS);
      errors = 0;
    } catch (error) {
      if (++errors >= options.maxErrors || isLast) throw error;
      failed?.(error as Error);
    }
    await run.flush();
    if (isLast) return;
    await (drained < DRAIN_EVENTS ? pause(options.pollMs) : turn());
  }
}
