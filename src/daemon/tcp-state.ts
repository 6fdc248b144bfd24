// TCP events of the daemon: the source is opened while the privileges are there, and handed on beside what packets give.

import type { TcpStateConfig } from '../config/tcp-state-schema.ts';
import type { RecordPlace } from '../engine/record-run.ts';
import { pumpTcpState, withKinds } from '../engine/tcp-run.ts';
import { chooseSource } from '../tcp-state/choose.ts';
import { Containers } from '../tcp-state/containers.ts';
import { TcpDocuments } from '../tcp-state/documents.ts';
import { remarkOn, type TcpStateFilter } from '../tcp-state/filter.ts';
import { parseFilter } from '../tcp-state/parse-filter.ts';
import type { TcpStateSource } from '../tcp-state/source.ts';

const POLL_MS = 50;
const MAX_ERRORS = 5;

export interface StartedTcpState {
  source: TcpStateSource;
  filter: TcpStateFilter;
  config: TcpStateConfig;
}

/** Resolves to undefined, with the reason noted, when it can not be: packets are captured all the same. */
export async function startTcpState(
  config: TcpStateConfig,
  note: (text: string) => void,
): Promise<StartedTcpState | undefined> {
  try {
    const { source, passedOver } = await chooseSource(config.event, {
      bufferBytes: config.buffer === 0 ? undefined : config.buffer,
    });
    for (const reason of passedOver) note(`TCP events: passed over ${reason}`);
    const { local_port: localPort, remote_port: remotePort, ...words } = config;
    const kinds = config.kinds.length === 0 ? undefined : new Set(config.kinds);
    const filter = withKinds(parseFilter({ ...words, localPort, remotePort }), kinds);
    await source.start(filter);
    const remark = remarkOn(filter);
    if (remark !== undefined) note(`TCP events: ${remark}`);
    if (source.sees !== undefined) note(`TCP events: ${source.name} sees ${source.sees}`);
    return { source, filter, config };
  } catch (error) {
    note(`there are no TCP events: ${(error as Error).message}`);
    return undefined;
  }
}

/** Hands on events until the signal. */
export async function followTcpState(
  { source, filter, config }: StartedTcpState,
  place: RecordPlace,
  signal: AbortSignal,
  note: (text: string) => void,
): Promise<void> {
  const kinds = config.kinds.length === 0 ? undefined : new Set(config.kinds);
  const documents = new TcpDocuments(kinds, 'ecs', new Containers(), (record, view) => place.put(0, record, view));
  try {
    await pumpTcpState(
      source,
      place,
      documents,
      filter,
      { pollMs: POLL_MS, maxErrors: MAX_ERRORS, maxRecords: 0 },
      {
        signal,
        failed: (error) => note(`TCP events: ${error.message}`),
        lost: (count) =>
          note(`${count} TCP events were lost: tcp_state.buffer is too small, or the kernel did not tell them`),
      },
    );
  } catch (error) {
    note(`TCP events end: ${(error as Error).message}`);
  } finally {
    await source.close();
  }
}
