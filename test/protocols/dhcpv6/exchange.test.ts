// Given these messages in this order, these exchanges.

import { describe, expect, it } from 'vitest';
import { messageTypeName } from '../../../src/protocols/dhcpv6/codes.ts';
import {
  type Dhcpv6Fact,
  type Dhcpv6Exchange as Exchange,
  Dhcpv6Exchanges as Exchanges,
} from '../../../src/protocols/dhcpv6/exchange.ts';

const SOLICIT = 1;
const ADVERTISE = 2;
const REQUEST = 3;
const RENEW = 5;
const REPLY = 7;
const RELEASE = 8;
const RECONFIGURE = 10;
const INFORMATION_REQUEST = 11;
const given = [
  { iaid: '0x1', ip: '2001:db8::5', preferred: 1, valid: 2, statusCode: undefined, statusMessage: undefined },
];

class Play {
  readonly published: Exchange[] = [];
  readonly exchanges = new Exchanges(
    60,
    (exchange) => this.published.push(exchange),
    () => this.full++,
  );
  full = 0;
  seconds = 1000;
  /** Messages come in no time. */
  isQuick = false;

  say(type: number, transactionId: string, rest: Partial<Dhcpv6Fact> = {}): this {
    const isReply = [ADVERTISE, REPLY, RECONFIGURE].includes(type);
    this.exchanges.take(
      {
        transactionId,
        client: 'C',
        type,
        name: messageTypeName(type),
        isReply,
        answeredBy: isReply ? 'S' : undefined,
        bytes: 100,
        flowId: isReply ? 's' : 'c',
        source: isReply ? 'fe80::1' : 'fe80::c',
        destination: isReply ? 'fe80::c' : 'ff02::1:2',
        vlan: undefined,
        clientIp: 'fe80::c',
        serverIp: isReply ? 'fe80::1' : undefined,
        relays: [],
        addresses: isReply ? given : undefined,
        told: isReply ? { serverId: 'S' } : {},
        ...rest,
      },
      this.seconds,
      0,
    );
    if (!this.isQuick) this.seconds++;
    return this;
  }
  end(): Exchange[] {
    this.exchanges.expire(Number.POSITIVE_INFINITY);
    return this.published;
  }
}
const words = (exchanges: readonly Exchange[]) =>
  exchanges.map(({ action, outcome, messages }) => `${action} ${outcome}: ${messages.join(' ')}`);

describe('an exchange', () => {
  it('meets replies that were captured a little before what they answer', () => {
    const play = new Play();
    play.isQuick = true;
    play.say(ADVERTISE, '1').say(SOLICIT, '1').say(REPLY, '2').say(REQUEST, '2');
    expect(play.published).toMatchObject([{ messages: ['solicit', 'advertise', 'request', 'reply'] }]);
    expect(play.end()).toHaveLength(1);
  });
  it('from SOLICIT to REPLY, though REQUEST has an id of its own', () => {
    const play = new Play().say(SOLICIT, 'a').say(ADVERTISE, 'a').say(REQUEST, 'b').say(REPLY, 'b');
    expect(words(play.published)).toEqual(['solicit leased: solicit advertise request reply']);
    expect(play.published[0]).toMatchObject({
      transactionIds: ['a', 'b'],
      servers: ['S'],
      flows: ['c', 's'],
      serverIp: 'fe80::1',
    });
    expect([...play.published[0].related]).toEqual(['fe80::c', 'fe80::1', '2001:db8::5']);
    expect(play.end()).toHaveLength(1);
  });
  it('rapid commit, renewal, release, information', () => {
    const play = new Play().say(SOLICIT, 'a').say(REPLY, 'a').say(RENEW, 'b').say(REPLY, 'b', { addresses: undefined });
    play
      .say(RELEASE, 'c')
      .say(REPLY, 'c')
      .say(INFORMATION_REQUEST, 'd')
      .say(REPLY, 'd', { addresses: undefined })
      .say(RECONFIGURE, 'e');
    expect(words(play.end())).toEqual([
      'solicit leased: solicit reply',
      'renew refused: renew reply',
      'release released: release reply',
      'information-request informed: information-request reply',
      'reconfigure answered: reconfigure',
    ]);
  });
  it('copies through a relay agent are counted, and begin nothing after the end', () => {
    const play = new Play()
      .say(RENEW, 'a')
      .say(RENEW, 'a', { flowId: 'relay', relays: ['2001:db8::a'] })
      .say(REPLY, 'a')
      .say(REPLY, 'a', { flowId: 'relayed' });
    const [exchange] = play.end();
    expect(play.published).toHaveLength(1);
    expect(exchange).toMatchObject({ relayed: 1, relays: ['2001:db8::a'], messages: ['renew', 'reply'] });
  });
  it('one that stays alone is published when its time has come', () => {
    const play = new Play().say(SOLICIT, 'a');
    play.exchanges.expire(1059);
    expect(play.published).toEqual([]);
    play.exchanges.expire(1060);
    expect(words(play.published)).toEqual(['solicit unanswered: solicit']);
    expect(words(play.say(REQUEST, 'b').end())[1]).toBe('request unanswered: request');
  });
  it('a flood of clients is bounded', () => {
    const play = new Play();
    for (let i = 0; i < 20_000; i++) {
      play.seconds = 1000;
      play.say(SOLICIT, 'a', { client: String(i) });
    }
    expect(play.full).toBeGreaterThan(3000);
    expect(play.end()).toHaveLength(20_000);
  });
});
