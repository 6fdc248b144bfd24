// Packets in, flow documents out, without protocols and encoders.

import { Clock } from '../../src/engine/clock.ts';
import { Dissector } from '../../src/engine/dissect.ts';
import { Ledger } from '../../src/engine/ledger.ts';
import { DISSECT_DEFAULTS, FLOW_DEFAULTS } from '../../src/engine/plan.ts';
import { fillRecord, fillView } from '../../src/flow/document.ts';
import type { FlowEnd, FlowHandler } from '../../src/flow/handler.ts';
import { SHARDS } from '../../src/flow/hash.ts';
import type { FlowOptions } from '../../src/flow/lifetimes.ts';
import { Links } from '../../src/flow/links.ts';
import { type FlowRecord, flowRecord } from '../../src/flow/record.ts';
import { Stage } from '../../src/flow/stage.ts';
import type { FlowTable } from '../../src/flow/table.ts';
import { FlowTracker } from '../../src/flow/tracker.ts';
import { FlowView } from '../../src/protocols/flow-view.ts';
import { blankRecord } from '../../src/records/record.ts';
import { BEGIN, batchOf, type MadePacket } from '../kit/packets.ts';

export interface FlowDocument extends FlowRecord {
  id: string;
  source: string;
  destination: string;
  sourcePort: number | undefined;
  destinationPort: number | undefined;
  /** Number of the packet that caused it, and how. */
  cause: string;
  vlan: readonly string[] | undefined;
}

/** One for all: making one compiles code. */
const BLANK = blankRecord(flowRecord) as FlowRecord;
const RECORD = blankRecord(flowRecord) as FlowRecord;

export class FlowKit implements FlowHandler {
  readonly wantsPackets = false;
  readonly documents: FlowDocument[] = [];
  readonly ledger = new Ledger();
  readonly tracker: FlowTracker;
  refusedPackets = 0;
  /** `full()` says yes every so many times; 0 never. */
  pauseEvery = 0;
  /** Asked behind each stage, when the reports of an interval are rolling: is it time for some of them? */
  catchUp: (() => boolean) | undefined;
  readonly #links = new Links();
  readonly #dissector: Dissector;
  readonly #stage: Stage;
  #asked = 0;
  #cause = '';
  #number = 0;
  #packets = 0;

  constructor(options: Partial<FlowOptions> = {}, salts: [number, number] = [1, 2], stageRows = 512, rolling = false) {
    this.tracker = new FlowTracker(
      { ...FLOW_DEFAULTS, maxFlows: 4096, ...options },
      salts,
      this.#links,
      this,
      new Uint8Array(SHARDS).fill(1),
      undefined,
      rolling,
    );
    this.#dissector = new Dissector(DISSECT_DEFAULTS, this.ledger, new Clock(), salts);
    this.#stage = new Stage(stageRows);
  }

  play(packets: readonly MadePacket[]): this {
    const batch = batchOf(packets, this.#packets + 1);
    this.#packets += packets.length;
    for (let from = 0; from < batch.count; ) {
      this.#stage.clear();
      from = this.#dissector.run(batch, from, this.#stage);
      this.tracker.begin();
      while (!this.tracker.run(this.#stage, batch));
      if (this.catchUp?.() === true) this.tracker.catchUp();
    }
    return this;
  }

  /** End of input; all documents. */
  end(): FlowDocument[] {
    for (let done = false; !done; ) {
      this.#stage.clear();
      done = this.#dissector.finish(this.#stage, this.#packets);
      this.tracker.begin();
      while (!this.tracker.run(this.#stage, batchOf([])));
    }
    for (let started = false; !this.tracker.finish(this.#packets, started); started = true);
    return this.documents;
  }

  packet(): void {}
  ended(table: FlowTable, slot: number, reason: FlowEnd): void {
    this.#document(table, slot, reason);
  }
  report(table: FlowTable, slot: number): void {
    this.#document(table, slot, 'interval');
  }
  cause(number: number, phase: string): void {
    this.#cause = `${phase} ${number}`;
    this.#number = number;
  }
  tick(): void {}
  full(): boolean {
    return this.pauseEvery > 0 && ++this.#asked % this.pauseEvery === 0;
  }
  refused(packets: number): void {
    this.refusedPackets += packets;
  }

  #document(table: FlowTable, slot: number, reason: string): void {
    const view = fillView(new FlowView(), table, slot, this.#links, this.#number);
    const record = Object.assign(RECORD, BLANK);
    fillRecord(record, table, slot, this.#links, this.#number, reason, '');
    this.documents.push({
      ...record,
      startSeconds: record.startSeconds - BEGIN,
      endSeconds: record.endSeconds - BEGIN,
      id: view.id,
      source: String(view.source),
      destination: String(view.destination),
      sourcePort: view.sourcePortIfAny,
      destinationPort: view.destinationPortIfAny,
      vlan: view.vlan,
      cause: this.#cause,
    });
  }
}

export function flows(packets: readonly MadePacket[], options: Partial<FlowOptions> = {}): FlowDocument[] {
  return new FlowKit(options).play(packets).end();
}
