// Valid exchanges for fuzzing to start from; the kit finds this file by its place.

import { type Exchange, exchange } from '../../fuzz/kit/exchange.ts';

const text = (words: string) => new Uint8Array(Buffer.from(words, 'latin1'));

/** After garbage a start line is looked for where segments begin. */
export const resyncsAtSegments = true;

export const seeds: readonly Exchange[] = [
  exchange(
    'tcp',
    [0, text('POST /a?b=c HTTP/1.1\r\nHost: x.example\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n')],
    [1, text('HTTP/1.1 100 Continue\r\n\r\n')],
    [0, text('5;x=y\r\nhello\r\n0\r\nTrailer: z\r\n\r\n')],
    [
      1,
      text('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nSet-Cookie: a=b; Path=/\r\n\r\nworld'),
    ],
  ),
  exchange(
    'tcp',
    [
      0,
      text(
        'GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nAuthorization: Basic dTpw\r\nCookie: s=1\r\n\r\n',
      ),
    ],
    [1, text('HTTP/1.1 304 Not Modified\r\n\r\nHTTP/1.0 404 Not Found\r\n\r\nuntil the end')],
  ),
  exchange(
    'tcp',
    [0, text('CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    [1, text('HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nnoHTTP/1.1 204 No Content\r\n\r\n')],
  ),
  exchange('tcp', [0, text('CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n')], [1, text('HTTP/1.1 200 OK\r\n\r\n')]),
  exchange('tcp', [0, text('GET /a?b=c\r\n')], [1, text('<html>\nGET / HTTP/1.1\r\n\r\nbye')]),
  exchange('tcp', [0, text('GET /a\n\n')], [1, text('HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno')]),
  exchange(
    'tcp',
    [0, text('GET /w HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')],
    [1, text('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n')],
  ),
];
