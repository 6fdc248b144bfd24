// Packets as a capture file, or a series of them (`-w FILE`, `-w -`, `pcap:DIR`, `pcapng:DIR`). Files of the same name are replaced.

import { dirname, join } from 'node:path';
import type { RecordType } from '../records/record.ts';
import type { PacketBatch } from '../sources/source.ts';
import { type FileIdentity, makeOutputFolder, Output } from './output.ts';
import type { PacketEncoder } from './packet-encoder.ts';
import { PcapEncoder } from './pcap.ts';
import { PcapngEncoder } from './pcapng.ts';
import { NO_ROTATION, Rotation, type RotationOptions } from './rotation.ts';
import type { PacketOrigin, PacketSink } from './sink.ts';

export type PacketFormat = 'pcap' | 'pcapng';

export interface PacketFileOptions {
  readonly format: PacketFormat;
  readonly rotation?: RotationOptions;
  /** Times in pcap files are cut to microseconds, for old readers. */
  readonly micros?: boolean;
  /** Files that are read at the same time: they are never written to. */
  readonly forbidden?: ReadonlySet<FileIdentity>;
}

/** What a file's name says of its format, as Wireshark reads it; pcap by default. */
export function formatOf(path: string): PacketFormat {
  return /\.(pcapng|ntar|scap)$/.test(path) ? 'pcapng' : 'pcap';
}

/** The file in a folder that `pcap:DIR` writes; a time in its name where files are cut by time. */
export function fileIn(folder: string, format: PacketFormat, { seconds }: RotationOptions): string {
  return join(folder, seconds > 0 ? `packets-%Y%m%d-%H%M%S.${format}` : `packets.${format}`);
}

export class PacketFile implements PacketSink {
  readonly encoding = 'packets';
  readonly name: string;
  readonly #path: string;
  readonly #options: PacketFileOptions;
  readonly #rotation: Rotation;
  readonly #makesFolder: boolean;
  #origin: PacketOrigin = { interfaces: [], secrets: [], names: [] };
  #encoder: PacketEncoder;
  #output: Output | undefined;
  #closing: Promise<unknown> = Promise.resolve();

  /** `path`: the first file's name, or '-' for standard output. `name`: as the user named it; the folder of a named folder is made. */
  constructor(path: string, options: PacketFileOptions, name?: string) {
    this.name = name ?? path;
    this.#makesFolder = name !== undefined;
    this.#path = path;
    this.#options = options;
    this.#rotation = new Rotation(path, options.rotation ?? NO_ROTATION);
    this.#encoder = this.#newEncoder();
  }

  async open(_types: readonly RecordType[], origin: PacketOrigin): Promise<void> {
    this.#origin = origin;
    if (this.#makesFolder) makeOutputFolder(dirname(this.#path), `name another with --to ${this.#options.format}:DIR`);
    if (!this.#rotation.needsTime) this.#begin(this.#rotation.first(0));
  }

  write(batch: PacketBatch): number {
    for (let i = 0; i < batch.count; i++) {
      if (this.#output === undefined) this.#begin(this.#rotation.first(batch.seconds[i]));
      else {
        const next = this.#rotation.next(batch.seconds[i], this.#output.bytes + this.#encoder.out.at);
        if (next === 'done') {
          this.#flush();
          return i;
        }
        if (next !== undefined) {
          this.#end();
          this.#begin(next);
        }
      }
      this.#encoder.put(batch, i, this.#origin);
    }
    this.#flush();
    return batch.count;
  }

  async close(): Promise<void> {
    this.#end();
    await this.#closing;
  }

  /** What was written stays: it is a capture of what came before the failure. */
  async abort(): Promise<void> {
    this.#output?.drop();
    this.#output = undefined;
    await this.#closing;
  }

  #begin(path: string): void {
    this.#output = new Output(path, { forbidden: this.#options.forbidden });
    this.#encoder = this.#newEncoder();
  }

  #end(): void {
    if (this.#output === undefined) return;
    this.#encoder.finish(this.#origin);
    this.#flush();
    this.#closing = Promise.all([this.#closing, this.#output.closeLater()]);
    // Told by whoever awaits it at the end.
    this.#closing.catch(() => undefined);
    this.#output = undefined;
  }

  #flush(): void {
    const { out } = this.#encoder;
    if (out.at === 0) return;
    this.#output!.write(out.bytes.subarray(0, out.at));
    out.at = 0;
  }

  #newEncoder(): PacketEncoder {
    return this.#options.format === 'pcap' ? new PcapEncoder(this.#options.micros) : new PcapngEncoder();
  }
}
