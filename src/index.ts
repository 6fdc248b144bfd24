// What the package exports: the contracts that others write protocols, sources and sinks against, and the language of records.

export type { SourceInit } from './capture/capture.ts';
export type { Changes, InterfaceChange } from './capture/capture-set.ts';
export { epHashOf, isCommonPort, reverseEpHash } from './capture/ep-hash.ts';
export { type Flow, type FlowInfo, type FlowKey, newFlow, updateFlow } from './capture/flow.ts';
export { FlowLog, type FlowLogOptions, type Rotation } from './capture/flow-log.ts';
export { AggFlowMap, type AggregatedFlow } from './capture/flow-map.ts';
export {
  type Autodetection,
  type CaptureConfig,
  ConfigError,
  type Interfaces,
  MAX_INTERFACES,
} from './capture/interface-config.ts';
export type { LinkState, LinkTable } from './capture/link-table.ts';
export {
  type BufferedPacket,
  LocalBuffer,
  LocalBufferOverflowError,
  LocalBufferPool,
} from './capture/local-buffer.ts';
export {
  CaptureManager,
  type FlowFilter,
  initManager,
  type ManagerConfig,
  type ManagerOption,
  newManager,
  withErrorHandler,
  withFlowLog,
  withLinks,
  withLocalBuffers,
  withMetrics,
  withSkipWriteoutSchedule,
  withSourceInitFn,
} from './capture/manager.ts';
export { Metrics, type MetricsOptions } from './capture/metrics.ts';
export { type ParsedPacket, parsePacketV4, parsePacketV6 } from './capture/parse-packet.ts';
export {
  ERRNO_INVALID_IP_HEADER,
  ERRNO_OK,
  ERRNO_PACKET_FRAGMENT_IGNORE,
  ERRNO_PACKET_TRUNCATED,
  PARSING_ERROR_NAMES,
  type ParsingErrno,
  ParsingErrors,
} from './capture/parsing-error.ts';
export { RunGroup } from './capture/run-group.ts';
export type { CaptureState, CaptureStatus } from './capture/status.ts';
export type { TaggedFlowMap, WriteoutHandler } from './capture/writeout.ts';
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
export type { Column, ColumnBatch } from './records/columns.ts';
export { endpoints, transaction } from './records/common.ts';
export { type Field, type Fields, f, type Kind } from './records/field.ts';
export { defineRecord, type Family, type RecordOf, type RecordType } from './records/record.ts';
export type { RowBatch } from './records/row-batch.ts';
export { wireText } from './records/text.ts';
export {
  type ColumnSink,
  type NullSink,
  type PacketOrigin,
  type PacketSink,
  ReaderGone,
  type RowSink,
  type RunFacts,
  type Sink,
  SinkError,
} from './sinks/sink.ts';
export { newPacketBatch, type PacketBatch, type PacketSource, type SourceStats } from './sources/source.ts';
export type { GivenTcpEvent, TcpStateModule } from './tcp-state/module.ts';
export type { Capability, TcpStateStats } from './tcp-state/source.ts';
export { VERSION } from './version.ts';
