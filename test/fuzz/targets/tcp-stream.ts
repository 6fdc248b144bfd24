// Reassembly: each step is a segment of its side, the first twelve bytes of which are made into flags, sequence and acknowledgment near
// the connection's, window, urgent pointer and the length on the wire.

import { StreamKit } from '../../stream/tcp-kit.ts';
import { type Exchange, exchange } from '../kit/exchange.ts';
import { Finding, type Outcome, type Target } from '../kit/target.ts';

const HEADER_OCTETS = 12;
const FLAG_LETTERS = 'FSRPA';
const SYN = 2;
const FIN = 1;
const RST = 4;
const ACK = 16;

function segment(flags: number, sequence: number, acknowledgment: number, text = ''): Uint8Array {
  const header = Buffer.alloc(HEADER_OCTETS);
  header[0] = flags;
  header.writeInt16BE(sequence, 1);
  header.writeInt16BE(acknowledgment, 3);
  header.writeUInt16BE(64240, 5);
  return new Uint8Array(Buffer.concat([header, Buffer.from(text)]));
}

const HANDSHAKE = [
  [0, segment(SYN, 0, 0)],
  [1, segment(SYN | ACK, 0, 1)],
  [0, segment(ACK, 1, 1)],
] as const;

export class TcpStreamTarget implements Target {
  readonly name = 'tcp-stream';
  readonly code = ['src/stream/'];
  readonly seeds: readonly Exchange[] = [
    exchange(
      'segments',
      ...HANDSHAKE,
      [0, segment(ACK, 1, 1, 'hello ')],
      [0, segment(ACK, 13, 1, 'late')],
      [0, segment(ACK, 7, 1, 'middle')],
      [0, segment(ACK, 5, 1, 'o mIdd')],
      [1, segment(ACK, 1, 17, 'answer')],
      [0, segment(FIN | ACK, 17, 7)],
      [1, segment(FIN | ACK, 7, 18)],
    ),
    exchange('segments', ...HANDSHAKE, [0, segment(ACK, 100, 1, 'behind a hole')], [1, segment(ACK, 1, 113, 'seen')]),
    exchange('segments', [0, segment(ACK, 1, 1, 'midstream')], [1, segment(RST, 1, 10)], [1, segment(ACK, 1, 10, 'x')]),
  ];

  isCuttable(): boolean {
    return false;
  }

  run(input: Exchange): Outcome {
    const kit = new StreamKit();
    let octets = 0;
    for (const { direction, bytes } of input.steps) {
      if (bytes.length < HEADER_OCTETS) continue;
      const header = Buffer.from(bytes.buffer, bytes.byteOffset, HEADER_OCTETS);
      const payload = bytes.slice(HEADER_OCTETS);
      octets += payload.length;
      const flags = [...FLAG_LETTERS].filter((_, i) => (header[0] & (1 << i)) !== 0).join('');
      kit.as({
        window: header.readUInt16BE(5),
        urgent: (header[0] & 0x20) === 0 ? -1 : header.readUInt16BE(7),
        hasTimestamp: (header[0] & 0x40) !== 0,
        ttl: header[9],
      });
      const mine = kit.isn[direction] + header.readInt16BE(1);
      const theirs = kit.isn[1 - direction] + header.readInt16BE(3);
      kit.raw(direction, flags, mine, theirs, payload, payload.length + (header.readUInt16BE(10) % 64));
    }
    kit.end();
    if (kit.waiting !== 0) throw new Finding('memory', `${kit.waiting} octets wait behind the end`);
    const delivered = kit.text[0].replaceAll('_', '').length + kit.text[1].replaceAll('_', '').length;
    if (delivered > octets) throw new Finding('delivery', `${delivered} octets delivered of ${octets} sent`);
    return { text: `${kit.heard.join('\n')}\n${JSON.stringify(kit.events)}`, items: kit.heard.length };
  }
}
