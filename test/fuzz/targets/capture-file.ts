// The readers of pcap, pcapng and snoop: all steps together are a file. The packets must not depend on how the file is cut into chunks.

import { walkerFor } from '../../../src/sources/format.ts';
import { newPacketBatch, type PacketBatch } from '../../../src/sources/source.ts';
import type { Findings } from '../../../src/sources/walker.ts';
import {
  block,
  enhancedPacket,
  interfaceBlock,
  pcapFile,
  pcapngFile,
  sectionHeader,
  simplePacket,
  somePackets,
} from '../../sources/writers.ts';
import { type Exchange, exchange } from '../kit/exchange.ts';
import { type Feeding, Finding, type Outcome, type Target } from '../kit/target.ts';

const CAPACITY = 16;
/** A record makes at least so many octets of the file, so there are not more packets. */
const LEAST_RECORD_OCTETS = 12;

const file = (...parts: Uint8Array[]) => exchange('file', [0, new Uint8Array(Buffer.concat(parts))]);
const SNOOP = Buffer.from(
  '736e6f6f7000000000000002000000040000000a0000000c000000240000000065000000000000010102030405060708090a0000',
  'hex',
);

export class CaptureFileTarget implements Target {
  readonly name = 'capture-file';
  readonly code = [
    'src/sources/pcap.ts',
    'src/sources/pcapng.ts',
    'src/sources/pcapng-options.ts',
    'src/sources/snoop.ts',
  ];
  readonly seeds: readonly Exchange[] = [
    file(pcapFile(somePackets(3))),
    file(pcapngFile(somePackets(3))),
    file(pcapngFile(somePackets(2), false)),
    file(
      sectionHeader(),
      interfaceBlock({ linkType: 1, snapLength: 64 }),
      enhancedPacket({ bytes: Uint8Array.of(1, 2, 3) }),
      simplePacket(Uint8Array.of(4, 5)),
      block(4, Buffer.from('0100080001020304610062000000', 'hex')),
      block(10, Buffer.from('4b534c5404000000616263640000', 'hex')),
      sectionHeader(false),
    ),
    file(SNOOP),
  ];

  isCuttable(): boolean {
    return true;
  }

  run(input: Exchange, { piece, canary }: Feeding): Outcome {
    const bytes = Buffer.concat(input.steps.map((step) => step.bytes));
    const findings: Findings = { interfaces: [], secrets: [], names: [], timesOutside: 0 };
    const batch = newPacketBatch(new Uint8Array(bytes.length + 32).fill(canary), CAPACITY);
    batch.bytes.set(bytes);
    const walker = walkerFor(batch.bytes, Math.min(bytes.length, 4), 'fuzz', findings);
    if (walker === undefined) return { text: 'no capture', items: 0 };
    const chunk = piece === 0 ? bytes.length : piece;
    const lines: string[] = [];
    let from = 0;
    for (let to = Math.min(chunk, bytes.length); ; ) {
      batch.count = 0;
      const at = walker.walk(batch, from, to, 1 + lines.length);
      if (at < from || at > to) throw new Finding('bounds', `stopped at ${at} of [${from}, ${to})`);
      for (let i = 0; i < batch.count; i++) lines.push(packet(batch, i, from, to));
      if (batch.count > 0 && at === from) throw new Finding('progress', 'packets without bytes');
      from = at;
      if (batch.count === CAPACITY) continue;
      if (walker.damage !== '' || to === bytes.length) break;
      to = Math.min(bytes.length, to + chunk);
    }
    if (lines.length * LEAST_RECORD_OCTETS > bytes.length) throw new Finding('output', `${lines.length} packets`);
    const end = walker.damage === '' ? walker.cut(batch, from, bytes.length) : walker.damage;
    const found = [findings.interfaces, findings.names, findings.secrets.map(({ type, data }) => [type, [...data]])];
    return { text: `${lines.join('\n')}\n${from} ${end}\n${JSON.stringify(found)}`, items: lines.length };
  }
}

function packet(batch: PacketBatch, i: number, from: number, to: number): string {
  const at = batch.offset[i];
  const length = batch.capturedLength[i];
  if (at < from || at + length > to)
    throw new Finding('bounds', `packet ${i} is [${at}, ${at + length}) of [${from}, ${to})`);
  const columns = [batch.seconds[i], batch.nanos[i], batch.linkType[i], batch.interfaceId[i], batch.flags[i]];
  return `${columns.join(' ')} ${batch.wireLength[i]} ${Buffer.from(batch.bytes.subarray(at, at + length)).toString('hex')}`;
}
