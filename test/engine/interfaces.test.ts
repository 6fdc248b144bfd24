// Records say which interface captured them, where the capture names its interfaces.

import { expect, it } from 'vitest';
import { DISSECT_DEFAULTS, type PlanRequest } from '../../src/engine/plan.ts';
import { documents, runFiles } from '../kit/engine.ts';
import { twoInterfaces } from '../kit/two-interfaces.ts';
import { temporaryFolder } from '../sources/writers.ts';

const folder = temporaryFolder();
const path = folder.write('two.pcapng', twoInterfaces());

async function seen(request: PlanRequest = {}): Promise<string[]> {
  const { text } = await runFiles([path], request, {
    ...((request.workers ?? 1) > 1
      ? { buffers: 4, allocate: (bytes: number) => new SharedArrayBuffer(bytes) }
      : undefined),
  });
  return documents(text)
    .filter(({ event }) => event.dataset !== 'loss')
    .map(({ event, observer, network }) => {
      const name = (observer as { ingress?: { interface?: { name?: string } } } | undefined)?.ingress?.interface?.name;
      return `${event.dataset} ${name ?? '-'}${event.dataset === 'flow' ? ` ${network.packets}` : ''}`;
    })
    .sort();
}

it('the interface of the first packet by default', async () => {
  expect(await seen({ records: ['flow', 'loss'] })).toEqual(['flow - 1', 'flow eth0 4']);
});

it('each interface its own flows where interfaces are told apart', async () => {
  const dissect = { ...DISSECT_DEFAULTS, interfaceInKey: true };
  const apart = await seen({ dissect });
  expect(apart.filter((line) => line.startsWith('flow'))).toEqual(['flow - 1', 'flow eth0 3', 'flow wan0 1']);
  expect(apart).toContain('dns eth0');
  expect(apart).toContain('dns wan0');
  expect(await seen({ dissect, workers: 2 })).toEqual(apart);
});
