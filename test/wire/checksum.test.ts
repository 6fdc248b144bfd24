import { describe, expect, test } from 'vitest';
import { checkTransport } from '../../src/wire/checksum.ts';
import { addCrc32c } from '../../src/wire/crc32c.ts';
import {
  CHECKSUM_NETWORK_BAD,
  CHECKSUM_TRANSPORT_BAD,
  CHECKSUM_TRANSPORT_CHECKED,
  Cursor,
} from '../../src/wire/cursor.ts';
import { decode } from '../../src/wire/decode.ts';
import { addWords, foldChecksum, internetChecksum } from '../../src/wire/internet-checksum.ts';
import { type Bytes, bytes, echo, IP6_A, IP6_B, ip4, ip6, tcp, text, u16, u32, udp, zeros } from './frames.ts';

const GOOD = CHECKSUM_TRANSPORT_CHECKED;
const BAD = CHECKSUM_TRANSPORT_CHECKED | CHECKSUM_TRANSPORT_BAD;

const viewOf = (b: Bytes): DataView => new DataView(b.buffer, b.byteOffset, b.length);

function checked(packet: Bytes, wireLength = packet.length): number {
  const c = new Cursor();
  c.wantChecksums = true;
  c.reset(packet, viewOf(packet), 0, packet.length, wireLength);
  decode(c, 101);
  checkTransport(c);
  return c.checksum;
}

/** Writes the right checksum at `at` of `segment`, whose first `covered` bytes it is over. */
function signed(segment: Bytes, at: number, pseudo: Bytes, covered = segment.length): Bytes {
  const sum = addWords(addWords(0, viewOf(pseudo), 0, pseudo.length), viewOf(segment), 0, covered);
  viewOf(segment).setUint16(at, foldChecksum(sum) || 0xffff);
  return segment;
}
const pseudo4 = (protocol: number, length: number): Bytes => bytes('0a000001', '0a000002', 0, protocol, u16(length));
const pseudo6 = (protocol: number, length: number): Bytes => bytes(IP6_A, IP6_B, u32(length), u32(protocol));
const broken = (packet: Bytes): Bytes => bytes(packet.subarray(0, -1), packet.at(-1)! ^ 1);

test('the example of RFC 1071, section 3', () => {
  const words = bytes('0001f203f4f5f6f7');
  expect(addWords(0, viewOf(words), 0, 8)).toBe(0x2ddf0);
  expect(internetChecksum(viewOf(words), 0, 8)).toBe(0x220d);
});

test('CRC32c of "123456789"', () => {
  expect(~addCrc32c(-1, text('123456789'), 0, 9) >>> 0).toBe(0xe3069283);
});

test('the IPv4 header, only when asked for', () => {
  const packet = ip4(89, text('x'));
  expect(checked(packet)).toBe(0);
  packet[8]--;
  expect(checked(packet)).toBe(CHECKSUM_NETWORK_BAD);
  const c = new Cursor();
  c.reset(packet, viewOf(packet), 0, packet.length, packet.length);
  decode(c, 101);
  expect(c.checksum).toBe(0);
});

describe('transport', () => {
  const odd = text('odd');
  const icmp4 = bytes('08000000', u16(7), u16(1), odd);
  const sctp = bytes(u16(1), u16(2), u32(3), u32(0), text('chunk'));
  viewOf(sctp).setInt32(8, ~addCrc32c(-1, sctp, 0, sctp.length), true);
  const dccp = bytes(u16(1), u16(2), 4, 1, '0000', 0x05, zeros(7), text('dccp'));

  const packets: [string, Bytes][] = [
    ['TCP over IPv4', ip4(6, signed(tcp(odd), 16, pseudo4(6, 23)))],
    ['TCP over IPv6', ip6(6, signed(tcp(odd), 16, pseudo6(6, 23)))],
    ['UDP over IPv4', ip4(17, signed(udp(1, 2, odd), 6, pseudo4(17, 11)))],
    ['UDP over IPv6', ip6(17, signed(udp(1, 2, odd), 6, pseudo6(17, 11)))],
    ['UDP-Lite', ip4(136, signed(udp(1, 2, odd, 0), 6, pseudo4(136, 11)))],
    ['ICMP', ip4(1, signed(icmp4, 2, zeros(0)))],
    ['ICMPv6', ip6(58, signed(bytes('80000000', u16(7), u16(1), odd), 2, pseudo6(58, 11)))],
    ['SCTP', ip4(132, sctp)],
    ['IGMP', ip4(2, signed(bytes('1600', zeros(2), 'e00000fb'), 2, zeros(0)))],
  ];
  test.each(packets)('%s', (_, packet) => {
    expect(checked(packet)).toBe(GOOD);
    expect(checked(broken(packet))).toBe(BAD);
  });

  test('the part that UDP-Lite and DCCP do not cover may be wrong', () => {
    const lite = ip4(136, signed(udp(1, 2, odd, 8), 6, pseudo4(136, 11), 8));
    expect(checked(broken(lite))).toBe(GOOD);
    const covered = ip4(33, signed(dccp, 6, pseudo4(33, 20), 16));
    expect(checked(broken(covered))).toBe(GOOD);
  });

  test('nothing is said of what cannot be known', () => {
    const segment = signed(tcp(odd), 16, pseudo4(6, 23));
    expect(checked(ip4(6, segment, { fragment: 0x2000 })), 'a fragment').toBe(0);
    expect(checked(ip4(6, segment, { totalLength: 100 }), 100), 'cut by the snap length').toBe(0);
    expect(checked(ip4(17, udp(1, 2, odd))), 'UDP without a checksum').toBe(0);
    expect(checked(ip4(50, echo())), 'ESP').toBe(0);
    const routed = bytes(6, 2, 0, 1, zeros(20), signed(tcp(odd), 16, pseudo6(6, 23)));
    expect(checked(ip6(43, routed)), 'a routing header with segments left').toBe(0);
  });

  test.each([
    ['loose, a hop left', '830704', 0],
    ['strict, a hop left', '890704', 0],
    ['behind padding and a record route', '0107030401830704', 0],
    ['all hops gone', '830708', BAD],
    ['behind the end of options', '00830704', BAD],
    ['an option of length 0 before it', '0700830704', BAD],
  ])('a source route, %s: the checksum is for its last address', (_, options, result) => {
    // Whoever sent it knew where the route ends; the header names the next hop.
    const segment = signed(tcp(odd), 16, bytes('0a000001', '05060708', 0, 6, u16(23)));
    const whole = bytes(options, '05060708', zeros(4));
    const packet = ip4(6, segment, { options: whole.subarray(0, whole.length & ~3) });
    expect(checked(packet)).toBe(result);
  });
});
