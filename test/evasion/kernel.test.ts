// The running kernel is asked: what its application reads is what we deliver under the policy `linux`, from a capture of the same packets.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { DISSECT_DEFAULTS, makePlan } from '../../src/engine/plan.ts';
import { run } from '../../src/engine/run.ts';
import { documents, MemorySink } from '../kit/engine.ts';
import { tcpPolicy, type Vector } from '../kit/generate/evasion/vector.ts';
import { VECTORS } from '../kit/generate/evasion/vectors.ts';
import { type MadePacket, MadeSource } from '../kit/packets.ts';
import { unless } from '../kit/unless.ts';
import { Victim, whyNoVictim } from './victim.ts';

const reason = whyNoVictim();
const isTcp = (vector: Vector) => vector.source === 'kernel' && vector.make().frames.length === 0;
const REQUEST = /GET \/(\S*) HTTP\/1\.1\r\n/g;

const isDatagram = (vector: Vector) => vector.source === 'kernel' && vector.expected.names !== undefined;
const DNS_HEADER = 12;

/** Names of the questions that datagrams ask. */
function namesIn(datagrams: readonly Uint8Array[]): string[] {
  return datagrams.map((datagram) => {
    const labels: string[] = [];
    for (let at = DNS_HEADER; datagram[at] > 0; at += 1 + datagram[at])
      labels.push(Buffer.from(datagram.subarray(at + 1, at + 1 + datagram[at])).toString());
    return labels.join('.');
  });
}

async function namesOf(packets: readonly MadePacket[]): Promise<string[]> {
  const sink = new MemorySink();
  const defragment = { ...DISSECT_DEFAULTS.defragment, policy: 'linux' as const };
  const dissect = { ...DISSECT_DEFAULTS, defragment };
  const plan = makePlan({ flow: { maxFlows: 4096 } as never, records: ['dns'], dissect });
  await run(new MadeSource(packets), [sink], plan);
  return documents(sink.text).map((document) => (document.dns as { question: { name: string } }).question.name);
}

async function pathsOf(packets: readonly MadePacket[]): Promise<(string | undefined)[]> {
  const sink = new MemorySink();
  const plan = makePlan({ flow: { maxFlows: 4096 } as never, records: ['http'], ...tcpPolicy('linux') });
  await run(new MadeSource(packets), [sink], plan);
  return documents(sink.text).map((document) => (document.url as { original: string } | undefined)?.original.slice(1));
}

unless(reason).describe(`the kernel's application reads what we deliver${reason && ` (${reason})`}`, () => {
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

unless(reason).describe(`the kernel puts together the datagrams that we do${reason && ` (${reason})`}`, () => {
  it.each(VECTORS.filter(isDatagram).map((vector) => [vector.id, vector.what, vector] as const))(
    '%s: %s',
    async (_, __, vector) => {
      const victim = new Victim();
      await victim.open();
      const script = vector.make();
      await victim.play(script);
      expect(await namesOf(script.packets())).toEqual(namesIn(victim.datagrams));
      await victim.close();
    },
  );
});
