// The capture manager and its pieces are there for who installs the package, by goProbe's names, and documented.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  CaptureManager,
  FlowLog,
  initManager,
  LocalBuffer,
  LocalBufferPool,
  MAX_INTERFACES,
  Metrics,
  newFlow,
  newManager,
  parsePacketV4,
  parsePacketV6,
  RunGroup,
  updateFlow,
  withLocalBuffers,
  withMetrics,
  withSkipWriteoutSchedule,
  withSourceInitFn,
} from '../../src/index.ts';
import { PROJECT } from '../kit/shared.ts';
import { FedSource } from './kit.ts';

const FUNCTIONS = {
  initManager,
  newManager,
  withLocalBuffers,
  withMetrics,
  withSkipWriteoutSchedule,
  withSourceInitFn,
  parsePacketV4,
  parsePacketV6,
  newFlow,
  updateFlow,
};
const CLASSES = { CaptureManager, FlowLog, LocalBuffer, LocalBufferPool, Metrics, RunGroup };
const METHODS: Record<keyof typeof CLASSES, string[]> = {
  CaptureManager: ['update', 'close', 'config', 'status', 'flowMaps', 'scheduleWriteouts'],
  FlowLog: ['rotate', 'aggregate', 'toJSON'],
  LocalBuffer: ['add', 'assign', 'next', 'reset', 'usage'],
  LocalBufferPool: ['get', 'put', 'usage'],
  Metrics: ['observe', 'rotated', 'resetCountersTestingOnly'],
  RunGroup: ['run', 'wait'],
};
/** Of a manager; names of options; types. */
const OTHERS = [
  'startedAt',
  'lastRotation',
  'timestamps',
  'disableIfaceTracking',
  'FlowInfo',
  'Flow',
  'MAX_INTERFACES',
];

test('the package exports them', async () => {
  for (const [name, value] of Object.entries(FUNCTIONS)) expect([name, typeof value]).toEqual([name, 'function']);
  for (const [name, { prototype }] of Object.entries(CLASSES)) {
    for (const method of METHODS[name as keyof typeof CLASSES])
      expect([name, method, Object.hasOwn(prototype, method)]).toEqual([name, method, true]);
  }
  expect(MAX_INTERFACES).toBe(1024);
  const manager = await newManager(
    { handleWriteout: () => undefined },
    withSourceInitFn(() => new FedSource()),
  );
  expect(manager.startedAt).toBeInstanceOf(Date);
  expect(manager.timestamps).toEqual({ startedAt: manager.startedAt, lastRotation: manager.lastRotation });
  await manager.close();
});

test('the documentation has every name', () => {
  const page = readFileSync(`${PROJECT}docs/capture-manager.md`, 'utf8');
  const names = [...Object.keys(FUNCTIONS), ...Object.keys(METHODS), ...Object.values(METHODS).flat(), ...OTHERS];
  expect(names.filter((name) => !page.includes(name))).toEqual([]);
});
