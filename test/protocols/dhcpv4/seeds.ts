// An exchange through a relay agent, options in every field, and BOOTP, for fuzzing to start from.

import { type Exchange, exchange } from '../../fuzz/kit/exchange.ts';
import { ascii, END, ip, message, option, type, u16, u32 } from './build.ts';

const AGENT = option(
  82,
  ...option(1, ...ascii('port 7')),
  ...option(2, 0, 6, 2, 0, 0, 0, 0, 9),
  ...option(5, ...ip('10.1.0.0')),
);
const reply = { op: 2, yiaddr: '10.0.0.50', giaddr: '10.0.0.2' };
const LEASE = [
  option(54, ...ip('10.0.0.1')),
  option(51, ...u32(3600)),
  option(1, ...ip('255.255.255.0')),
  option(3, ...ip('10.0.0.1')),
  option(6, ...ip('10.0.0.1'), ...ip('10.0.0.3')),
  option(15, ...ascii('example.org')),
  option(119, 3, ...ascii('sub'), 7, ...ascii('example'), 3, ...ascii('org'), 0, 0xc0, 4),
  option(121, 24, 10, 1, 2, ...ip('10.0.0.1')),
  AGENT,
];

export const seeds: readonly Exchange[] = [
  exchange(
    'udp',
    [0, message({}, type(3), option(50, ...ip('10.0.0.50')), option(54, ...ip('10.0.0.1')), END)],
    // Until 2136 or so, after all times that records can tell.
    [1, message(reply, type(5), option(54, ...ip('10.0.0.1')), option(51, ...u32(3_500_000_000)), END)],
  ),
  exchange(
    'udp',
    [
      0,
      message({}, type(1), option(55, 1, 3, 6, 15), option(61, 1, 2, 0, 0, 0, 0, 9), option(12, ...ascii('host')), END),
    ],
    [1, message(reply, type(2), ...LEASE, END)],
    [
      0,
      message(
        { giaddr: '10.0.0.2' },
        type(3),
        option(50, ...ip('10.0.0.50')),
        option(54, ...ip('10.0.0.1')),
        AGENT,
        END,
      ),
    ],
    [1, message(reply, type(5), ...LEASE, option(81, 1, 0, 0, ...ascii('host')), END)],
  ),
  exchange(
    'udp',
    [
      0,
      message(
        {},
        type(8),
        option(60, ...ascii('MSFT 5.0')),
        option(43, ...option(1, 2)),
        option(57, ...u16(1500)),
        END,
      ),
    ],
    [
      1,
      message(
        { op: 2, sname: [...option(3, ...ip('10.0.0.9')), 255], file: [...option(66, ...ascii('t')), 255] },
        type(6),
        option(52, 3),
        option(56, ...ascii('no')),
        END,
      ),
    ],
  ),
  exchange('udp', [0, message({ cookie: [0, 0, 0, 0] })]),
];
