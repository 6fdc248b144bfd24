// HTTP/2 with prior knowledge (RFC 9113 section 3.3): recognised by its preface, so that the flow has its name; not analysed.

import { z } from 'zod';
import { commonOptions } from '../common-options.ts';
import type { Protocol } from '../protocol.ts';

const PORTS = [80, 8080] as const;
/** RFC 9113 section 3.4. */
const PREFACE = Uint8Array.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', (c) => c.charCodeAt(0));

const options = z.strictObject(commonOptions({ ports: PORTS, transactionTimeout: '10s' }));

export const http2: Protocol<z.infer<typeof options>> = {
  name: 'h2',
  doc: 'HTTP/2 without TLS: named, not analysed',
  ports: PORTS,
  transports: ['tcp'],
  options,
  records: [],
  probe(_direction, bytes, from, to) {
    const length = Math.min(to - from, PREFACE.length);
    for (let i = 0; i < length; i++) if (bytes[from + i] !== PREFACE[i]) return 'no';
    return length === PREFACE.length ? 'yes' : 'more';
  },
  open: (context) => ({
    data() {
      context.name('h2');
      return 'done';
    },
    end() {},
  }),
};
