// The running kernel is asked: what its application reads is what we deliver under the policy `linux`, from a capture of the same packets.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makePlan } from '../../src/engine/plan.ts';
import { run } from '../../src/engine/run.ts';
import { documents, MemorySink } from '../kit/engine.ts';
import { tcpPolicy, type Vector } from '../kit/generate/evasion/vector.ts';
import { VECTORS } from '../kit/generate/evasion/vectors.ts';
import { type MadePacket, MadeSource } from '../kit/packets.ts';
import { Victim, whyNoVictim } from './victim.ts';

const reason = whyNoVictim();
const isTcp = (vector: Vector) => vector.source === 'kernel' && vector.make().frames.length === 0;
const REQUEST = /GET \/(\S*) HTTP\/1\.1\r\n/g;

async function pathsOf(packets: readonly MadePacket[]): Promise<(string | undefined)[]> {
  const sink = new MemorySink();
  const plan = makePlan({ flow: { maxFlows: 4096 } as never, records: ['http'], ...tcpPolicy('linux') });
  await run(new MadeSource(packets), [sink], plan);
  return documents(sink.text).map((document) => (document.url as { original: string } | undefined)?.original.slice(1));
}

describe.skipIf(reason !== '')(`the kernel's application reads what we deliver${reason && ` (${reason})`}`, () => {
  let victim: Victim;
  beforeAll(async () => {
    victim = new Victim();
    await victim.open();
  });
  afterAll(() => victim?.close());

  it.concurrent.each(VECTORS.filter(isTcp).map((vector) => [vector.id, vector.what, vector] as const))(
    '%s: %s',
    async (_, __, vector) => {
      const { read, packets } = await victim.play(vector.make());
      const theirs = [...read.matchAll(REQUEST)].map((match) => match[1]);
      expect({ paths: await pathsOf(packets) }).toEqual({ paths: theirs });
    },
  );
});
