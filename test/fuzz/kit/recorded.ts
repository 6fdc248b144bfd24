// Conversations of captures as exchanges: the engine runs over the captures while each protocol's `open` is watched, so what is recorded is
// what an analyzer really got.

import type { Analyzer, Direction, Protocol } from '../../../src/protocols/protocol.ts';
import { PROTOCOLS } from '../../../src/protocols/registry.ts';
import { runFiles } from '../../kit/engine.ts';
import type { Exchange, Step } from './exchange.ts';

const MAX_OCTETS = 4096;
const MAX_EXCHANGES = 400;

/** By protocol, at most 4 KiB of each conversation. Captures that can not be read are passed over. */
export async function recordExchanges(captures: readonly string[]): Promise<Map<string, Exchange[]>> {
  const found = new Map<string, Exchange[]>();
  const restore = PROTOCOLS.map((protocol) => watch(protocol, found));
  try {
    for (const capture of captures) await runFiles([capture], { flow: SMALL }).catch(() => undefined);
  } finally {
    for (const undo of restore) undo();
  }
  return new Map([...found].map(([name, exchanges]) => [name, exchanges.filter(({ steps }) => steps.length > 0)]));
}

const SMALL = {
  maxFlows: 65_536,
  timeoutSeconds: 60,
  tcpTimeoutSeconds: 3600,
  halfOpenSeconds: 60,
  lingerSeconds: 15,
  intervalSeconds: 300,
};

type Writable = { open: Protocol['open'] };

function watch(protocol: Protocol, found: Map<string, Exchange[]>): () => void {
  const open = protocol.open;
  const list: Exchange[] = found.get(protocol.name) ?? [];
  found.set(protocol.name, list);
  (protocol as Writable).open = (context, options) => {
    const analyzer = open.call(protocol, context, options);
    const v6 = context.flow.transport === 'ipv6-icmp';
    return list.length < MAX_EXCHANGES ? recorder(analyzer, v6 ? 'icmpv6' : context.flow.transport, list) : analyzer;
  };
  return () => {
    (protocol as Writable).open = open;
  };
}

function recorder(analyzer: Analyzer, transport: string, list: Exchange[]): Analyzer {
  const steps: Step[] = [];
  let octets = 0;
  const note = (direction: Direction, bytes: Uint8Array, from: number, to: number) => {
    if (octets + to - from > MAX_OCTETS) return;
    octets += to - from;
    if (steps.length === 0) list.push({ transport, steps });
    steps.push({ direction, bytes: new Uint8Array(bytes.subarray(from, to)) });
  };
  return new Proxy(analyzer, {
    get(target, property) {
      const value = Reflect.get(target, property, target) as unknown;
      if (typeof value !== 'function') return value;
      if (property !== 'data' && property !== 'message') return value.bind(target);
      return (direction: Direction, bytes: Uint8Array, from: number, to: number, wireLength: number) => {
        note(direction, bytes, from, to);
        return value.call(target, direction, bytes, from, to, wireLength);
      };
    },
  });
}
