// One frame or more per protocol, with what the decoder must make of it. Read by the tests of meaning and of robustness.

import type { Sample } from './sample.ts';
import { LINKS, WIRELESS } from './samples-link.ts';
import { NETWORK, TRANSPORT } from './samples-network.ts';
import { TUNNELS } from './samples-tunnel.ts';

export const SAMPLES: readonly Sample[] = [...LINKS, ...WIRELESS, ...NETWORK, ...TRANSPORT, ...TUNNELS];
