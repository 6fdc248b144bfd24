// What is followed of sockets by their kernel address: addresses that differ in a few bits only are sockets of their own.

import { expect, test } from 'vitest';
import { TcpEvent } from '../../src/tcp-state/event.ts';
import { CLOSED, LISTEN, SYN_RECEIVED, SYN_SENT } from '../../src/tcp-state/states.ts';
import { Lives } from '../../src/tcp-state/tracefs/lives.ts';

const ESTABLISHED = 1;
/** In the same bucket: they differ inside of 64 bytes, or in both halves so that it makes no difference. */
const ADDRESSES: readonly (readonly [number, number])[] = [
  [0x12345640, 0x8881],
  [0x12345660, 0x8881],
  [0x12345240, 0x8891],
];

function changed(
  lives: Lives,
  [low, high]: readonly [number, number],
  oldState: number,
  newState: number,
  time: number,
) {
  const event = new TcpEvent();
  event.oldState = oldState;
  event.newState = newState;
  event.localPort = 80;
  lives.change(event, low, high, time, undefined);
  return event;
}

test('keeps sockets apart whose addresses are in the same bucket', () => {
  const lives = new Lives('run');
  const begun = ADDRESSES.map((address, i) => changed(lives, address, CLOSED, SYN_SENT, 1000 * i));
  expect(new Set(begun.map(({ socket }) => socket)).size).toBe(ADDRESSES.length);
  // One ends: the others go on as they were.
  const ended = changed(lives, ADDRESSES[1], SYN_SENT, CLOSED, 5000);
  expect(ended).toMatchObject({ socket: begun[1].socket, stateNs: 4000, lifetimeNs: 4000 });
  for (const i of [0, 2]) {
    const event = changed(lives, ADDRESSES[i], SYN_SENT, ESTABLISHED, 9000);
    expect(event).toMatchObject({ socket: begun[i].socket, role: 'client', lifetimeNs: 9000 - 1000 * i });
  }
  const again = changed(lives, ADDRESSES[1], LISTEN, SYN_RECEIVED, 10_000);
  expect(again).toMatchObject({ role: 'server', stateNs: undefined });
  expect(begun.map(({ socket }) => socket)).not.toContain(again.socket);
});

const addressOf = (i: number): readonly [number, number] => [(i << 6) >>> 0, 0x8881];
const MOST = 262_144;

test('gives up the oldest sockets when there are too many', () => {
  const lives = new Lives('run');
  const begun = Array.from({ length: MOST + 10 }, (_, i) => changed(lives, addressOf(i), CLOSED, SYN_SENT, i).socket);
  expect(changed(lives, addressOf(MOST + 9), SYN_SENT, ESTABLISHED, 2 * MOST).socket).toBe(begun[MOST + 9]);
  expect(changed(lives, addressOf(10), SYN_SENT, ESTABLISHED, 2 * MOST).socket).toBe(begun[10]);
  expect(changed(lives, addressOf(0), SYN_SENT, ESTABLISHED, 2 * MOST)).toMatchObject({
    stateNs: undefined,
    lifetimeNs: undefined,
  });
});
