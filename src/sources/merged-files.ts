// Several capture files as one source, in time order: the earliest next packet comes first, at the same time that of the file
// named first; each file keeps its own order. Files that do not overlap are read one after the other, opened when their time
// has come, and their batches are handed on as they are; where files overlap, packets are copied into batches of the output.

import { createHash } from 'node:crypto';
import { BatchPool } from './batch-pool.ts';
import { CHUNK_DEFAULTS, type ChunkOptions } from './capture-file.ts';
import type { InputFile } from './expand.ts';
import { BatchFilter } from './filter.ts';
import { InputError, UnreadableError } from './input-error.ts';
import { Lane } from './lane.ts';
import { OutputBatches } from './output-batches.ts';
import type {
  Damage,
  EmbeddedName,
  EmbeddedSecrets,
  InterfaceDescription,
  PacketBatch,
  PacketSource,
  SourceStats,
} from './source.ts';

type Next = PacketBatch | 'idle' | 'end';

/** Packets of files. */
export interface FileInputs extends PacketSource {
  /**
   * After the end: SHA-256 (hex) of the input's bytes as they are on disk; of several files, of their digests in the order
   * they were named. '' unless `digest` was asked for.
   */
  digest(): string;
  /** What was left out, for people. */
  readonly notes: readonly string[];
}

export class MergedFiles implements FileInputs {
  readonly interfaces: InterfaceDescription[] = [];
  readonly secrets: EmbeddedSecrets[] = [];
  readonly names: EmbeddedName[] = [];
  timesOutside = 0;
  readonly notes: string[] = [];
  readonly #files: readonly InputFile[];
  readonly #options: ChunkOptions;
  readonly #filterText: string;
  #filter: BatchFilter | undefined;
  /** All files, in the order they were named. */
  readonly #lanes: Lane[] = [];
  /** Those whose time has not come, the next one last; and those that are being read. */
  #waiting: Lane[] = [];
  readonly #active: Lane[] = [];
  readonly #pool: BatchPool;
  readonly #output: OutputBatches;
  /** Whose batch it is, of those that are held outside. */
  readonly #owners = new Map<PacketBatch, Lane>();
  readonly #damaged: Damage[] = [];
  #packets = 0;

  constructor(files: readonly InputFile[], options: Partial<ChunkOptions>, filter: string) {
    this.#files = files;
    this.#options = { ...CHUNK_DEFAULTS, ...options };
    this.#filterText = filter.trim();
    const { chunkBytes, capacity, allocate, buffers } = this.#options;
    this.#pool = new BatchPool(chunkBytes, capacity, allocate);
    this.#output = new OutputBatches(this.#pool, buffers, allocate);
  }

  async open(): Promise<void> {
    if (this.#filterText !== '') this.#filter = await BatchFilter.load(this.#filterText, this.notes);
    try {
      for (const file of this.#files) await this.#look(file);
      if (this.#lanes.length === 0) {
        const [first] = this.#files;
        throw new InputError(first?.path ?? '', `there is no capture file in what was named${this.#firstNote()}`);
      }
      const first = this.#lanes.find((lane) => lane.linkType >= 0);
      if (first !== undefined) this.#filter?.check(first.linkType);
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#waiting = this.#lanes.filter((lane) => !lane.isOpen);
    this.#waiting.sort((a, b) => (a.isBefore(b) ? 1 : -1));
    this.#active.push(...this.#lanes.filter((lane) => lane.isOpen));
  }

  next(): Next | Promise<Next> {
    for (;;) {
      const ready = this.#prepare();
      if (ready instanceof Promise) return ready.then((result) => (result === 'ready' ? this.next() : result));
      if (ready !== 'ready') return ready;
      const batch = this.#merge();
      if (batch === 'idle') return batch;
      this.#filter?.apply(batch);
      if (batch.count > 0) return batch;
      this.release(batch);
    }
  }

  release(batch: PacketBatch): void {
    const lane = this.#owners.get(batch);
    if (lane === undefined) this.#output.release(batch);
    else {
      this.#owners.delete(batch);
      lane.file.release(batch);
    }
  }

  stats(): SourceStats {
    let bytesRead = 0;
    let bytesTotal = 0;
    let isTotalKnown = true;
    for (const lane of this.#lanes) {
      bytesRead += lane.file.bytesRead;
      bytesTotal += lane.bytesTotal;
      if (lane.bytesTotal === 0) isTotalKnown = false;
    }
    return {
      packets: this.#packets,
      filtered: this.#filter?.packets ?? 0,
      filteredBytes: this.#filter?.bytes ?? 0,
      bytesRead,
      bytesTotal: isTotalKnown ? bytesTotal : 0,
      kernelDropped: 0,
      timesOutside: this.timesOutside,
      damaged: [...this.#damaged],
    };
  }

  digest(): string {
    if (!this.#options.digest) return '';
    if (this.#lanes.length === 1) return this.#lanes[0].file.digest();
    const all = createHash('sha256');
    for (const lane of this.#lanes) all.update(`${lane.file.digest()}\n`);
    return all.digest('hex');
  }

  async close(): Promise<void> {
    this.#waiting = [];
    for (const lane of this.#lanes) if (lane.isOpen) await lane.file.close();
  }

  /** One input, or one that can not be opened twice, is opened for good; of many, only the first packets are looked at. */
  async #look(file: InputFile): Promise<void> {
    if (file.twin !== undefined) {
      this.notes.push(`left out: ${file.path} is the same file as ${file.twin}`);
      return;
    }
    const lane = new Lane(file.path, this.#lanes.length, this, this.#options, this.#pool);
    try {
      if (this.#files.length > 1 && file.isRegular) await lane.probe(file);
      else await lane.open(1);
      this.#lanes.push(lane);
    } catch (error) {
      if (!file.isFromFolder || !(error instanceof InputError)) throw error;
      // What is no capture was hardly meant; what can not be read may be one, and is missed.
      if (error instanceof UnreadableError)
        this.#damaged.push({ file: file.path, packet: 1, offset: 0, reason: error.reason, cutAtEnd: false });
      else this.notes.push(`left out: ${error.message}`);
    }
  }

  #firstNote(): string {
    const first = this.#damaged.map(({ file, reason }) => `${file}: ${reason}`)[0] ?? this.notes[0];
    return first === undefined ? '' : ` (${first})`;
  }

  /** Sees to it that the next packet of every lane in question is known. */
  #prepare(): 'ready' | 'idle' | 'end' | Promise<'ready' | 'idle' | 'end'> {
    for (let i = this.#active.length - 1; i >= 0; i--) {
      const lane = this.#active[i];
      if (!lane.isOver && lane.batch === undefined) {
        const next = lane.file.next();
        if (next instanceof Promise) {
          return next.then((later) => {
            lane.take(later);
            return this.#prepare();
          });
        }
        if (next === 'idle') return 'idle';
        lane.take(next);
      }
      if (lane.isOver) {
        this.#active.splice(i, 1);
        if (lane.file.damage !== undefined) this.#damaged.push(lane.file.damage);
        lane.isOpen = false;
        return lane.file.close().then(() => this.#prepare());
      }
    }
    const candidate = this.#waiting.at(-1);
    const head = this.#head();
    if (candidate !== undefined && (head === undefined || candidate.isBefore(head))) {
      this.#waiting.pop();
      this.#active.push(candidate);
      return candidate.open(this.#packets + 1).then(() => this.#prepare());
    }
    return head === undefined ? 'end' : 'ready';
  }

  /** The lane with the earliest packet, `except` one. */
  #head(except?: Lane): Lane | undefined {
    let first: Lane | undefined;
    for (const lane of this.#active) {
      if (lane !== except && (first === undefined || lane.isBefore(first))) first = lane;
    }
    return first;
  }

  /** A lane's own batch where all of it comes next, else packets copied from several. */
  #merge(): PacketBatch | 'idle' {
    let out: PacketBatch | undefined;
    for (;;) {
      const lane = this.#head()!;
      const rival = this.#rival(lane);
      const batch = lane.batch!;
      const run = lane.countBefore(rival);
      if (out === undefined && lane.at === 0 && run === batch.count) {
        lane.batch = undefined;
        this.#owners.set(batch, lane);
        return this.#number(batch);
      }
      if (run === 0) return this.#finished(out);
      out ??= this.#output.take();
      if (out === undefined) return 'idle';
      const copied = this.#output.copy(batch, lane.at, run, out);
      if (lane.at + copied === batch.count) {
        lane.batch = undefined;
        lane.file.release(batch);
        return this.#finished(out);
      }
      lane.moveTo(lane.at + copied);
      if (copied < run) return this.#finished(out);
    }
  }

  #finished(out: PacketBatch | undefined): PacketBatch | 'idle' {
    return out === undefined ? 'idle' : this.#number(out);
  }

  /** Whose next packet ends a run of `lane`. */
  #rival(lane: Lane): Lane | undefined {
    const active = this.#head(lane);
    const waiting = this.#waiting.at(-1);
    if (active === undefined || waiting === undefined) return active ?? waiting;
    return active.isBefore(waiting) ? active : waiting;
  }

  /** Numbers run through all files; those of a single file are right already. */
  #number(batch: PacketBatch): PacketBatch {
    const { numbers, count } = batch;
    const first = this.#packets + 1;
    if (numbers[0] !== first || numbers[count - 1] !== first + count - 1) {
      for (let i = 0; i < count; i++) numbers[i] = first + i;
    }
    batch.firstPacket = first;
    this.#packets += count;
    return batch;
  }
}
