// Stands where analysis would be when no records are asked for: packets go to their sinks, and there is no table to keep.

import { Stage } from '../flow/stage.ts';
import type { PacketBatch, PacketSource } from '../sources/source.ts';
import type { Analyst } from './analyst.ts';

export class Bystander implements Analyst {
  readonly #stage = new Stage(1);

  interfaces(): void {}
  stage(): Stage {
    this.#stage.clear();
    return this.#stage;
  }
  analyse(): void {}
  release(batch: PacketBatch, source: PacketSource): void {
    source.release(batch);
  }
  catchUp(): void {}
  async flush(): Promise<void> {}
  idle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve));
  }
  async finish(): Promise<void> {}
  async close(): Promise<void> {}
}
