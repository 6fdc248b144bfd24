// The datagram made of fragments is one that could have been sent so: lengths, flags and checksum say what is there.

import { expect, test } from 'vitest';
import { type Datagram, DEFRAGMENT_DEFAULTS, Defragmenter, wholeDatagram } from '../../src/stream/defragment.ts';
import { CHECKSUM_NETWORK_BAD, Cursor } from '../../src/wire/cursor.ts';
import { decodeReassembled } from '../../src/wire/decode.ts';
import { internetChecksum } from '../../src/wire/internet-checksum.ts';
import { type Bytes, ip4, text, udp, zeros } from '../wire/frames.ts';
import { decodeFrame } from '../wire/view.ts';

/** Feeds IPv4 packets without a link layer; the datagram that the last one completed. */
function reassemble(packets: readonly Bytes[]): { cursor: Cursor; datagram: Datagram | null } {
  const defragmenter = new Defragmenter(DEFRAGMENT_DEFAULTS, () => {});
  let cursor = new Cursor();
  let datagram: Datagram | null = null;
  packets.forEach((packet, i) => {
    cursor = decodeFrame(packet, 228);
    datagram = defragmenter.add(cursor, 0, packet.length, i + 1, 0, 0, 0);
  });
  return { cursor, datagram };
}

test.each([
  ['in order', [0, 1]],
  ['the last first', [1, 0]],
])('the header checksum of the whole datagram is right: %s', (_, order) => {
  const data = udp(5000, 5001, text('twenty bytes of data'));
  const options = zeros(8);
  const fragments = [
    ip4(17, data.subarray(0, 16), { fragment: 0x2000, options }),
    ip4(17, data.subarray(16), { fragment: 2, options }),
  ];
  const { cursor, datagram } = reassemble(order.map((i) => fragments[i]));
  const whole = wholeDatagram(datagram!);
  expect(Buffer.from(whole)).toEqual(Buffer.from(ip4(17, data, { options })));
  const view = new DataView(whole.buffer);
  expect(internetChecksum(view, 0, 28)).toBe(0);
  cursor.wantChecksums = true;
  decodeReassembled(cursor, whole, view, 0, whole.length);
  expect(cursor.checksum & CHECKSUM_NETWORK_BAD).toBe(0);
  expect(cursor).toMatchObject({ fragment: false, sourcePort: 5000, payloadLength: 20 });
});

test('ports of a first fragment with eight bytes of TCP are known', () => {
  const first = ip4(6, udp(40000, 80, zeros(0)), { fragment: 0x2000 });
  const last = ip4(6, zeros(16), { fragment: 1 });
  expect(reassemble([first, last]).datagram).toMatchObject({ ports: [40000, 80], packets: 2 });
});
