// An address and a prefix leased, a relay agent, names and codes, for fuzzing to start from.

import { type Exchange, exchange } from '../../fuzz/kit/exchange.ts';
import {
  address,
  ascii,
  association,
  CLIENT,
  ip,
  message,
  name,
  option,
  prefix,
  relayed,
  SERVER,
  status,
  u16,
} from './build.ts';

/** Ends in 2136 or so, after all times that records can tell. */
const CENTURY = 3_500_000_000;
const LEASE = [association(3, address(5, 100, 200)), association(25, prefix(9, 56, 300)), status(0, 'fine')];

export const seeds: readonly Exchange[] = [
  exchange(
    'udp',
    [0, message(1, CLIENT, option(6, ...u16(23), ...u16(24)), option(8, 0, 1), association(3), option(14))],
    [1, message(2, CLIENT, SERVER, ...LEASE, option(23, ...ip(1)), option(24, ...name('example', 'org')))],
    [
      0,
      message(
        3,
        CLIENT,
        SERVER,
        ...LEASE,
        option(39, 1, ...name('host')),
        option(16, 0, 0, 0, 9, 0, 2, ...ascii('ab')),
      ),
    ],
    [1, message(7, CLIENT, SERVER, ...LEASE)],
  ),
  exchange(
    'udp',
    [0, message(5, CLIENT, SERVER, association(3, address(5, 100, CENTURY)))],
    [1, message(7, CLIENT, SERVER, association(3, address(5, 100, CENTURY)))],
  ),
  exchange(
    'udp',
    [0, relayed(12, 1, relayed(12, 0, message(11, CLIENT), option(18, ...ascii('eth0'))), option(37, 0, 0, 0, 9, 7))],
    [1, relayed(13, 1, message(7, CLIENT, SERVER, status(2, 'none left')))],
  ),
];
