// Drains a source for tests: every packet as an object.

import type { PacketBatch, PacketSource } from '../../src/sources/source.ts';

export interface ReadPacket {
  number: number;
  seconds: number;
  nanos: number;
  interfaceId: number;
  linkType: number;
  wireLength: number;
  flags: number;
  bytes: Uint8Array;
}

/** Opens, drains and closes `source`. */
export async function readAll(source: PacketSource): Promise<ReadPacket[]> {
  const packets: ReadPacket[] = [];
  await source.open();
  for (;;) {
    let batch = source.next();
    if (batch instanceof Promise) batch = await batch;
    if (batch === 'end') break;
    if (batch === 'idle') throw new Error('a source that is drained has nothing to wait for');
    for (let i = 0; i < batch.count; i++) packets.push(copyPacket(batch, i));
    source.release(batch);
  }
  await source.close();
  return packets;
}

function copyPacket(batch: PacketBatch, i: number): ReadPacket {
  return {
    number: batch.numbers[i],
    seconds: batch.seconds[i],
    nanos: batch.nanos[i],
    interfaceId: batch.interfaceId[i],
    linkType: batch.linkType[i],
    wireLength: batch.wireLength[i],
    flags: batch.flags[i],
    bytes: batch.bytes.slice(batch.offset[i], batch.offset[i] + batch.capturedLength[i]),
  };
}
