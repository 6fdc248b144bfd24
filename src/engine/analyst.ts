// The contract between the thread that reads and whoever analyses: itself, a pool of others, nobody.

import type { Stage } from '../flow/stage.ts';
import type { PacketBatch, PacketSource } from '../sources/source.ts';
import type { RunResult } from './result.ts';

/** Who takes staged rows: this thread or a pool of others. */
export interface Analyst {
  /** Names of the source's interfaces, by id; told again when there are more. */
  interfaces(names: readonly string[]): void;
  /** An empty stage to fill. */
  stage(): Stage | Promise<Stage>;
  /** Takes the rows of a stage. The batch's bytes must stay until `release`. */
  analyse(stage: Stage, batch: PacketBatch | undefined): void | Promise<void>;
  /** The batch was staged whole: gives it back to its source as soon as nobody reads it. */
  release(batch: PacketBatch, source: PacketSource): void;
  /**
   * Records that are ready go to the sinks now: on a live source nobody waits for more of them. `all`: columns too, which are worth
   * little in small pieces.
   */
  flush(all: boolean): Promise<void>;
  /** Between batches of a live source: some of the work that its packets need not wait for. */
  catchUp(): void | Promise<void>;
  /** Waits until something changed: the source has nothing for now, or all its batches are in use here. */
  idle(): Promise<void>;
  /** Ends all flows and adds this analyst's figures to the result. `isLate`: see `RunHooks`. */
  finish(lastPacket: number, result: RunResult, isLate?: () => boolean): Promise<void>;
  close(): Promise<void>;
}
