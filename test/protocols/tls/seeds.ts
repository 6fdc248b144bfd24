// Handshakes over TCP, in datagrams and in QUIC for fuzzing to start from.

import { exchange, type Exchange as Fuzzed } from '../../fuzz/kit/exchange.ts';
import * as dtls from '../dtls/build.ts';
import { framed, openVpn } from '../openvpn/build.ts';
import { CRYPTO_HELLO, initial, PADDING, SHORT } from '../quic/build.ts';
import {
  alert,
  CHANGE_CIPHER_SPEC,
  clientHello,
  encrypted,
  extension,
  HANDSHAKE,
  HELLO,
  HELLO_DONE,
  join,
  KEY_EXCHANGE,
  message,
  record,
  serverHello,
  serverName,
  u8,
  u16,
  vector8,
  vector24,
} from './build.ts';

const HELLO_13 = clientHello({
  session: Buffer.alloc(32, 7),
  ciphers: [0x1301],
  extensions: [serverName('a.example'), extension(43, vector8(u16(0x0304))), extension(51, u16(4), u16(29), u16(0))],
});
const ANSWER_13 = serverHello({
  session: Buffer.alloc(32, 7),
  ciphers: [0x1301],
  extensions: [extension(43, u16(0x0304)), extension(51, u16(29), u16(0))],
});
const OCSP = message(22, u8(1), vector24(Buffer.from('3003 0a0100'.replaceAll(' ', ''), 'hex')));
const DTLS_HELLO = dtls.dtlsHello({ extensions: [serverName('a.example'), extension(54, vector8(u8(7)))] });
const DTLS_ANSWER = dtls.dtlsAnswer({ extensions: [extension(54, vector8())] });
const SSL2 = Buffer.from('802e0100020015000000100100800300800700c0060040020080040080', 'hex');

export const seeds: readonly Fuzzed[] = [
  exchange('tcp', ...HANDSHAKE.map(([side, bytes]) => [side === '>' ? 0 : 1, bytes] as const)),
  exchange(
    'tcp',
    [0, record(22, HELLO_13)],
    [1, join(record(22, ANSWER_13), CHANGE_CIPHER_SPEC, encrypted(60))],
    [0, join(CHANGE_CIPHER_SPEC, encrypted(53))],
  ),
  exchange('tcp', [0, record(22, HELLO)], [1, alert(2, 40)]),
  exchange('tcp', [0, record(22, HELLO)], [1, join(record(22, serverHello(), OCSP), alert(1, 0))]),
  exchange('tcp', [0, join(SSL2, Buffer.alloc(16, 5))], [1, record(22, serverHello())]),
  exchange(
    'udp',
    [0, dtls.handshake(DTLS_HELLO, 0)],
    [1, dtls.handshake(dtls.VERIFY_REQUEST, 0)],
    [0, join(dtls.handshake(DTLS_HELLO, 1, 0, 40), dtls.handshake(DTLS_HELLO, 1, 30))],
    [1, join(dtls.handshake(DTLS_ANSWER, 1), dtls.handshake(KEY_EXCHANGE, 2), dtls.handshake(HELLO_DONE, 3))],
    [0, join(dtls.CHANGE_CIPHER_SPEC, dtls.FINISHED)],
    [1, join(dtls.CHANGE_CIPHER_SPEC, dtls.FINISHED)],
  ),
  exchange('udp', [0, dtls.handshake(DTLS_HELLO, 0)], [1, dtls.alert(2, 40)]),
  exchange('udp', [0, dtls.handshake(DTLS_HELLO, 0)], [1, dtls.short(2, 40, u8(7))], [0, dtls.short(3, 30)]),
  exchange(
    'udp',
    ...openVpn(HANDSHAKE.slice(0, 2), 20, 400).map(({ direction, bytes }) => [direction, bytes] as const),
  ),
  exchange('tcp', ...openVpn(HANDSHAKE.slice(0, 2)).map((step) => [step.direction, framed(step).bytes] as const)),
  exchange('udp', [0, initial(join(CRYPTO_HELLO, PADDING(900)))], [0, SHORT]),
];
