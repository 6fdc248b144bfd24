// Dissection with fragments put together: each step is a frame. What comes out is staged rows, and a ledger that balances.

import { Clock } from '../../../src/engine/clock.ts';
import { Dissector } from '../../../src/engine/dissect.ts';
import { Ledger } from '../../../src/engine/ledger.ts';
import { DISSECT_DEFAULTS } from '../../../src/engine/plan.ts';
import { Stage } from '../../../src/flow/stage.ts';
import { DEFRAGMENT_DEFAULTS } from '../../../src/stream/defragment.ts';
import { batchOf, ip, onEthernet, udpDatagram } from '../../kit/packets.ts';
import { type Exchange, exchange } from '../kit/exchange.ts';
import { Finding, type Outcome, type Target } from '../kit/target.ts';
import { FRAMES, linkTypeOf } from './wire.ts';

const MORE = 0x2000;
const WHOLE = udpDatagram(50_000, 53, 'abcdefghijklmnopqrstuvwxyz0123456789ABCD');
const part = (from: number, to: number) =>
  onEthernet(ip(17, WHOLE.subarray(from, to), { fragment: (from >> 3) | (to === WHOLE.length ? 0 : MORE) }));
const v6 = { from: '2001:db8::1', to: '2001:db8::2' };
const part6 = (from: number, to: number) =>
  onEthernet(
    ip(
      44,
      Buffer.concat([
        Uint8Array.of(17, 0, from >> 8, (from & 0xf8) | (to === WHOLE.length ? 0 : 1), 0, 0, 0, 9),
        WHOLE.subarray(from, to),
      ]),
      v6,
    ),
  );

export class DissectionTarget implements Target {
  readonly name = 'dissection';
  readonly code = [
    'src/stream/defragment.ts',
    'src/stream/datagram.ts',
    'src/stream/pieces.ts',
    'src/wire/ipv4.ts',
    'src/wire/ipv6-fragment.ts',
  ];
  readonly seeds: readonly Exchange[] = [
    exchange('link:1', [0, part(0, 16)], [0, part(16, 32)], [0, part(32, WHOLE.length)]),
    exchange('link:1', [0, part(32, WHOLE.length)], [0, part(0, 24)], [0, part(16, 32)]),
    exchange('link:1', [0, part6(0, 24)], [0, part6(24, WHOLE.length)], [0, part(0, 48)]),
    ...FRAMES,
  ];

  isCuttable(): boolean {
    return false;
  }

  run(input: Exchange): Outcome {
    const linkType = linkTypeOf(input);
    const ledger = new Ledger();
    const defragment = { ...DEFRAGMENT_DEFAULTS, maxDatagrams: 16, maxBytes: 256 * 1024 };
    const dissector = new Dissector(
      { ...DISSECT_DEFAULTS, defragment, checksums: 'drop' },
      ledger,
      new Clock(),
      [1, 2],
    );
    const stage = new Stage(64);
    let at = 0;
    const frames = input.steps.map(({ bytes, wait = 0 }) => {
      at += 1 + wait;
      return { bytes, at, linkType };
    });
    const batch = batchOf(frames);
    let rows = 0;
    for (let from = 0; from < batch.count; ) {
      stage.clear();
      from = dissector.run(batch, from, stage);
      rows += stage.count;
    }
    for (let done = false; !done; ) {
      stage.clear();
      done = dissector.finish(stage, frames.length);
      rows += stage.count;
    }
    const told = ledger.snapshot();
    const sum = told.packets.reduce((all, n) => all + n, 0);
    // Frames that are in a flow get their outcome when the row is counted; there may be rows that are notes beside them.
    if (sum > frames.length) throw new Finding('ledger', `${sum} packets of ${frames.length} have an outcome`);
    return { text: JSON.stringify([told, rows]), items: rows };
  }
}
