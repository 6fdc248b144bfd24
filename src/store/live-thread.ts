// The store's writer for live batches, in its own thread. Messages come from live-writer.ts; what they ask for does live-service.ts.

import { parentPort, workerData } from 'node:worker_threads';
import type { StoreError } from './errors.ts';
import type { ImportSummary } from './import.ts';
import { type LiveFigures, LiveService, type LiveServiceOptions, type LiveTask } from './live-service.ts';

export type LiveRequest = { id: number } & LiveTask;

export type LiveReply = { id: number; figures: LiveFigures } & (
  | { summary: ImportSummary | undefined; error?: undefined }
  | { error: { message: string; code: string; path: string } }
);

const port = parentPort!;
const service = new LiveService(workerData as LiveServiceOptions);

port.on('message', async (request: LiveRequest) => {
  const { id } = request;
  try {
    const summary = await service.answer(request);
    port.postMessage({ id, summary, figures: service.figures } satisfies LiveReply);
  } catch (error) {
    const { message, code, path } = error as StoreError;
    port.postMessage({ id, error: { message, code, path }, figures: service.figures } satisfies LiveReply);
  }
  if (request.kind === 'close') port.close();
});
