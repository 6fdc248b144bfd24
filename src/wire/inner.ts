// What a tunnel must carry before we believe that it is one: a whole header of the packet inside, with the right version.

import type { Cursor } from './cursor.ts';
import { ETH_HEADER } from './eth.ts';
import { IPV4_HEADER } from './ipv4.ts';
import { IPV6_HEADER } from './ipv6.ts';

/** Each takes the offset of the inner header, which may lie beyond the end. */
export const holdsEthernet = (c: Cursor, at: number): boolean => c.end - at >= ETH_HEADER;
export const holdsIpv4 = (c: Cursor, at: number): boolean => c.end - at >= IPV4_HEADER && c.bytes[at] >> 4 === 4;
export const holdsIpv6 = (c: Cursor, at: number): boolean => c.end - at >= IPV6_HEADER && c.bytes[at] >> 4 === 6;
