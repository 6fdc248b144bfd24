// What a conversation promises to analyzers and to the engine: `hold` counts even when it refuses, `wait` is balanced.

import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Conversation } from '../../src/engine/conversation.ts';
import type { ConversationHost } from '../../src/engine/conversation-host.ts';
import { Detection } from '../../src/engine/detection.ts';
import { ACK } from '../../src/flow/layout.ts';
import { FlowView } from '../../src/protocols/flow-view.ts';
import type { Context, Protocol, Verdict } from '../../src/protocols/protocol.ts';
import { STREAM_DEFAULTS } from '../../src/stream/options.ts';
import { RecentBytes } from '../../src/stream/recent-bytes.ts';
import { Segment } from '../../src/stream/segment.ts';
import { TcpStream } from '../../src/stream/tcp-stream.ts';

function made(verdicts: readonly Verdict[], probe: Protocol['probe'] = () => 'yes') {
  const waits: number[] = [];
  let context: Context | undefined;
  const seen: string[] = [];
  const places: string[] = [];
  const protocol: Protocol = {
    name: 'test',
    doc: '',
    ports: [],
    transports: ['tcp'],
    options: z.any(),
    records: [],
    probe,
    open(opened) {
      context = opened;
      return {
        data(direction, bytes, from, to) {
          seen.push(`${direction} ${Buffer.from(bytes.subarray(from, to)).toString()}`);
          places.push(`${opened.offset!(direction)} ${opened.acknowledged!(direction)}`);
          return verdicts[seen.length - 1] ?? 'ok';
        },
        gap: () => 'give-up',
        end: (reason) => void seen.push(`end ${reason}`),
      };
    },
  };
  const host: ConversationHost<Conversation> = {
    detection: new Detection([{ protocol, options: {}, ports: new Set(), application: 1 }], []),
    maxHeldBytes: 100,
    emit() {},
    deadline() {},
    count() {},
    noticed() {},
    named() {},
    share() {},
    wait: (_, bytes) => {
      waits.push(bytes);
      return true;
    },
    hold() {},
    holdEarly: () => true,
    over() {},
    rest() {},
  };
  const conversation = new Conversation(host, new FlowView(), 'tcp', 1, 0, 0);
  const stream = new TcpStream(conversation, { ...STREAM_DEFAULTS, patience: 1 }, new RecentBytes());
  conversation.stream = stream;
  const send = (side: 0 | 1, sequence: number, text: string, acknowledgment = 0) => {
    const segment = new Segment();
    Object.assign(segment, { flags: ACK, window: 64240, sequence, acknowledgment, bytes: Buffer.from(text) });
    segment.to = segment.length = text.length;
    stream.segment(side, segment);
  };
  return { conversation, send, seen, places, waiting: () => waits.reduce((a, b) => a + b, 0), context: () => context! };
}

describe('a conversation', () => {
  it('counts what is held even when it says no', () => {
    const kit = made([]);
    kit.send(0, 1, 'a');
    expect(kit.context().hold(90)).toBe(true);
    expect(kit.context().hold(20)).toBe(false);
    expect(kit.context().hold(-20)).toBe(true);
    expect(kit.context().hold(11)).toBe(false);
    expect(kit.context().hold(-101)).toBe(true);
    expect(kit.context().hold(100)).toBe(true);
  });

  it.each([
    ['done with the first of several pieces that wait', ['ok', 'done'] as Verdict[]],
    ['refusing', ['ok', 'reject'] as Verdict[]],
    ['going on', [] as Verdict[]],
  ])('gives back what waited, %s', (_, verdicts) => {
    const kit = made(verdicts);
    kit.send(0, 1, 'a');
    kit.send(0, 3, 'c');
    kit.send(0, 5, 'e');
    kit.send(0, 7, 'g');
    expect(kit.waiting()).toBeGreaterThan(3);
    kit.send(0, 2, 'b');
    kit.conversation.end('timeout');
    expect(kit.waiting()).toBe(0);
  });

  it('says where bytes are and what came with them had acknowledged, of kept ones too', () => {
    const kit = made([], (_direction, bytes, _from, to) => (bytes[to - 1] === 0x2e ? 'yes' : 'more'));
    kit.send(0, 1, 'ab', 101);
    kit.send(1, 101, 'AB', 3);
    kit.send(0, 3, 'c', 103);
    kit.send(1, 103, 'C.', 4);
    kit.send(0, 4, 'd', 105);
    kit.send(1, 105, 'D', 5);
    expect(kit.seen).toEqual(['0 ab', '0 c', '1 AB', '1 C.', '0 d', '1 D']);
    expect(kit.places).toEqual(['2 -1', '3 2', '2 2', '4 3', '4 4', '5 4']);
  });

  it('gives back what waited when a gap is too much for its analyzer', () => {
    const kit = made([]);
    kit.send(0, 1, 'a');
    kit.send(0, 5, 'e');
    kit.send(0, 9, 'i');
    kit.conversation.end('end-of-input');
    expect(kit.seen).toEqual(['0 a', 'end handed-over']);
    expect(kit.waiting()).toBe(0);
    expect(kit.conversation.isOver).toBe(true);
  });
});
