// What the package exports: the contracts that others write protocols and sources against, and the language of records.

export type { FlowView } from './protocols/flow-view.ts';
export type {
  Analyzer,
  Context,
  Direction,
  EndReason,
  LossKind,
  Protocol,
  Transport,
  Verdict,
} from './protocols/protocol.ts';
export { Address } from './records/address.ts';
export { endpoints, transaction } from './records/common.ts';
export { type Field, type Fields, f, type Kind } from './records/field.ts';
export { defineRecord, type Family, type RecordOf, type RecordType } from './records/record.ts';
export { wireText } from './records/text.ts';
export { newPacketBatch, type PacketBatch, type PacketSource, type SourceStats } from './sources/source.ts';
export { VERSION } from './version.ts';
