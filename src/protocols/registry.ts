// Every protocol that is analysed: one line each. Order matters only where two claim the same bytes: the first one wins.

import { dhcpv4 } from './dhcpv4/index.ts';
import { dhcpv6 } from './dhcpv6/index.ts';
import { dns } from './dns/index.ts';
import { haproxy } from './haproxy/index.ts';
import { http } from './http/index.ts';
import { http2 } from './http2/index.ts';
import { icmp } from './icmp/index.ts';
import type { Protocol } from './protocol.ts';
import { socks } from './socks/index.ts';
import { starttls } from './starttls/index.ts';
import { tls } from './tls/index.ts';

// biome-ignore lint/suspicious/noExplicitAny: options differ from protocol to protocol; each parses its own.
export const PROTOCOLS: readonly Protocol<any>[] = [
  dns,
  dhcpv4,
  dhcpv6,
  http,
  http2,
  icmp,
  haproxy,
  socks,
  tls,
  starttls,
];

/** Names that `flow.network.protocol` can have, by their number in the flow table; 0 is none. */
export const MAX_APPLICATIONS = 255;
