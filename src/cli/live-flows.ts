// Open flows of the running daemon, as a folder of its store that a query reads beside the rest.

import { join } from 'node:path';
import { ask } from './client.ts';

/** Rejects with a ClientError when no daemon answers. */
export async function openLiveFlows(options: {
  store: string;
  api?: string;
}): Promise<{ folder: string; close(): Promise<void> }> {
  const client = { api: options.api, token: join(options.store, 'api.token') };
  const { folder } = JSON.parse(await ask(client, 'POST', '/api/snapshot')) as { folder: string };
  return {
    folder,
    close: async () => {
      await ask(client, 'DELETE', `/api/snapshot/${folder}`);
    },
  };
}
