// A source of TCP events that a user brings along: `./my-source.js?rate=10`, or the name of an installed package. See `plugins/load.ts`
// for how it is found. Its events are plain objects in words (GivenTcpEvent), so that it needs nothing of ours.

import { loadPlugin } from '../plugins/load.ts';
import type { Address } from '../records/address.ts';
import { parseAddress } from '../records/parse-address.ts';
import { EVENT_KINDS, TcpEvent } from './event.ts';
import type { TcpStateFilter } from './filter.ts';
import { type Capability, TcpSourceError, type TcpStateSource, type TcpStateStats } from './source.ts';
import { stateNumber } from './states.ts';

/** An event as modules give it: addresses and states in words; everything else as in TcpEvent, and only what is known. */
export interface GivenTcpEvent
  extends Partial<
    Omit<TcpEvent, 'local' | 'remote' | 'socketRun' | 'oldState' | 'newState' | 'timeSeconds' | 'timeNanos'>
  > {
  /** Unix time in ms. */
  timeMs: number;
  local?: string;
  remote?: string;
  oldState?: string;
  newState?: string;
}

/** What `create(options)` of a module returns, or resolves to. */
export interface TcpStateModule {
  readonly name: string;
  /** Looks whether it can run here, without changing anything. */
  probe(): Promise<Capability>;
  /** Begins to listen for what the filter lets through; what else it hands on is left out afterwards, unless `filters` is true. */
  start(filter: TcpStateFilter): void | Promise<void>;
  readonly filters?: boolean;
  /** Hands on at most `max` events, without waiting; returns how many. `isLast`: nothing is asked for afterwards. */
  drain(max: number, emit: (event: GivenTcpEvent) => void, isLast?: boolean): number;
  stats(): TcpStateStats;
  close(): void | Promise<void>;
}

const METHODS = ['probe', 'start', 'drain', 'stats', 'close'] as const;

/** Throws PluginError. */
export async function openModule(spec: string): Promise<TcpStateSource> {
  const module = (await loadPlugin(spec, { kind: 'event source', methods: METHODS })) as TcpStateModule;
  const blank = Object.entries(new TcpEvent());
  const event = new TcpEvent();
  const told = (error: unknown): never => {
    if (error instanceof TcpSourceError) throw error;
    throw new TcpSourceError(`the event source ${spec} failed: ${error instanceof Error ? error.message : error}`);
  };
  return {
    name: module.name ?? spec,
    filters: module.filters,
    probe: () => module.probe(),
    async start(filter) {
      try {
        await module.start(filter);
      } catch (error) {
        told(error);
      }
    },
    drain(max, emit, isLast) {
      try {
        return module.drain(
          max,
          (given) => {
            fill(event, blank, given);
            emit(event);
          },
          isLast,
        );
      } catch (error) {
        return told(error);
      }
    },
    stats: () => module.stats(),
    close: () => module.close(),
  };
}

/** Throws TcpSourceError for an event that makes no sense. */
function fill(event: TcpEvent, blank: readonly [string, unknown][], given: GivenTcpEvent): void {
  const { timeMs, local, remote, oldState, newState, ...rest } = given;
  const { local: ownLocal, remote: ownRemote } = event;
  Object.assign(event, Object.fromEntries(blank), rest, { local: ownLocal, remote: ownRemote });
  if (!EVENT_KINDS.includes(event.kind)) throw new TcpSourceError(`there is no kind of event '${event.kind}'`);
  if (!Number.isFinite(timeMs)) throw new TcpSourceError(`'${timeMs}' is no time in ms`);
  event.timeSeconds = Math.floor(timeMs / 1000);
  event.timeNanos = Math.round((timeMs - event.timeSeconds * 1000) * 1e6);
  setAddress(event.local, local);
  setAddress(event.remote, remote);
  event.oldState = stateOf(oldState);
  event.newState = stateOf(newState);
}

function setAddress(address: Address, text: string | undefined): void {
  const parsed = text === undefined ? undefined : parseAddress(text);
  if (text !== undefined && parsed === undefined) throw new TcpSourceError(`'${text}' is no address`);
  if (parsed === undefined) address.setV4(0);
  else address.copy(parsed);
}

function stateOf(name: string | undefined): number {
  if (name === undefined) return 0;
  const number = stateNumber(name);
  if (number === undefined) throw new TcpSourceError(`there is no TCP state '${name}'`);
  return number;
}
