// Given these messages in this order, these exchanges.

import { describe, expect, it } from 'vitest';
import { messageName } from '../../../src/protocols/dhcpv4/codes.ts';
import {
  type Dhcpv4Fact,
  type Dhcpv4Exchange as Exchange,
  Dhcpv4Exchanges as Exchanges,
} from '../../../src/protocols/dhcpv4/exchange.ts';

const DISCOVER = 1;
const OFFER = 2;
const REQUEST = 3;
const DECLINE = 4;
const ACK = 5;
const NAK = 6;
const RELEASE = 7;
const INFORM = 8;

/** Outcomes in the order of publication. */
class Play {
  readonly published: Exchange[] = [];
  readonly exchanges = new Exchanges(
    60,
    (exchange) => this.published.push(exchange),
    () => this.full++,
  );
  full = 0;
  seconds = 1000;
  nanos = 0;
  /** Nanoseconds between messages. */
  step = 1e9;

  say(type: number, rest: Partial<Dhcpv4Fact> = {}): this {
    const isReply = [OFFER, ACK, NAK].includes(type);
    this.exchanges.take(
      {
        transactionId: '0x00000001',
        client: 'C',
        type,
        name: messageName(type, rest.isReply ?? isReply),
        isReply,
        answeredBy: isReply ? '10.0.0.1' : undefined,
        bytes: 300,
        flowId: isReply ? 's' : 'c',
        source: isReply ? '10.0.0.1' : '0.0.0.0',
        destination: '255.255.255.255',
        vlan: undefined,
        clientMac: 'C',
        currentIp: undefined,
        assignedIp: isReply && type !== NAK ? '10.0.0.50' : undefined,
        relayIp: undefined,
        requestedIp: undefined,
        serverIdentifier: isReply ? '10.0.0.1' : undefined,
        told: type === ACK ? { leaseTime: 600 } : {},
        ...rest,
      },
      this.seconds,
      this.nanos,
    );
    this.nanos += this.step;
    this.seconds += Math.floor(this.nanos / 1e9);
    this.nanos %= 1e9;
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
  it('from DISCOVER to ACK, over flows of client and server', () => {
    const play = new Play()
      .say(DISCOVER)
      .say(OFFER)
      .say(REQUEST, { serverIdentifier: '10.0.0.1', requestedIp: '10.0.0.50' })
      .say(ACK);
    expect(words(play.published)).toEqual(['acquire leased: discover offer request ack']);
    expect(play.published[0]).toMatchObject({
      server: '10.0.0.1',
      assignedIp: '10.0.0.50',
      startSeconds: 1000,
      endSeconds: 1003,
      timeToOffer: 1e9,
      flows: ['c', 's'],
      packets: 4,
      offers: [{ server: '10.0.0.1', address: '10.0.0.50' }],
    });
    expect(play.end()).toHaveLength(1);
  });
  it('ends with NAK, and goes on when another server agrees', () => {
    const play = new Play()
      .say(REQUEST, { requestedIp: '10.0.0.9' })
      .say(NAK)
      .say(ACK, { serverIdentifier: '10.0.0.2', flowId: 't' });
    expect(words(play.end())).toEqual(['reboot leased: request nak ack', 'reboot leased: request nak ack']);
  });
  it('kinds of REQUEST', () => {
    expect(words(new Play().say(REQUEST, { currentIp: '10.0.0.50', destination: '10.0.0.1' }).say(ACK).end())).toEqual([
      'renew leased: request ack',
    ]);
    expect(words(new Play().say(REQUEST, { currentIp: '10.0.0.50' }).say(ACK).end())).toEqual([
      'rebind leased: request ack',
    ]);
    expect(words(new Play().say(REQUEST, { serverIdentifier: '10.0.0.1' }).end())).toEqual([
      'select unanswered: request',
    ]);
  });
  it('INFORM, RELEASE, DECLINE, BOOTP', () => {
    expect(words(new Play().say(INFORM).say(ACK, { assignedIp: undefined, told: {} }).end())).toEqual([
      'inform informed: inform ack',
    ]);
    expect(words(new Play().say(RELEASE).say(RELEASE, { flowId: 'relay' }).end())).toEqual([
      'release released: release',
    ]);
    expect(words(new Play().say(DECLINE).end())).toEqual(['decline declined: decline']);
    expect(words(new Play().say(0).say(0, { isReply: true, flowId: 's' }).end())).toEqual([
      'bootp answered: bootrequest bootreply',
    ]);
  });
  it('lists what comes again, and leaves out what a relay agent repeats', () => {
    const [exchange] = new Play()
      .say(DISCOVER)
      .say(DISCOVER)
      .say(DISCOVER, { flowId: 'relay', relayIp: '10.9.0.1' })
      .say(OFFER)
      .say(OFFER, { flowId: 'relayed' })
      .end();
    expect(exchange).toMatchObject({
      messages: ['discover', 'discover', 'offer'],
      retransmissions: 1,
      relayed: 2,
      relayIp: '10.9.0.1',
      outcome: 'offered',
    });
  });
  it('copies of the ACK begin no new exchange; a client that asks again does', () => {
    const play = new Play().say(REQUEST).say(ACK).say(ACK, { flowId: 'relayed' }).say(REQUEST).say(ACK);
    expect(words(play.end())).toEqual(['reboot leased: request ack', 'reboot leased: request ack']);
  });
  it('meets replies that were captured a little before what they answer', () => {
    const play = new Play();
    play.step = 300_000;
    play.say(OFFER).say(DISCOVER);
    play.seconds++;
    play.say(ACK).say(REQUEST, { serverIdentifier: '10.0.0.1' });
    expect(words(play.published)).toEqual(['acquire leased: discover offer request ack']);
    expect(play.published[0]).toMatchObject({ timeToOffer: 0, startNanos: 300_000, endNanos: 900_000 });
    expect(play.end()).toHaveLength(1);
  });
  it('is that of a reply alone when nothing follows within ten milliseconds', () => {
    const play = new Play();
    play.step = 10_000_001;
    play.say(ACK).say(REQUEST);
    expect(words(play.published)).toEqual(['undefined leased: ack']);
    expect(words(play.end())).toEqual(['undefined leased: ack', 'reboot unanswered: request']);
    const silent = new Play().say(NAK);
    expect(silent.exchanges.due).toBe(1001);
    silent.exchanges.expire(1001);
    expect(words(silent.published)).toEqual(['undefined refused: nak']);
  });
  it('one that stays alone is published when its time has come', () => {
    const play = new Play().say(DISCOVER);
    expect(play.exchanges.due).toBe(1060);
    play.exchanges.expire(1059);
    expect(play.published).toEqual([]);
    play.exchanges.expire(1060);
    expect(words(play.published)).toEqual(['acquire unanswered: discover']);
    expect(play.end()).toHaveLength(1);
  });
  it('clients and transaction ids are told apart', () => {
    const play = new Play().say(DISCOVER).say(DISCOVER, { client: 'D' }).say(DISCOVER, { transactionId: '0x00000002' });
    expect(play.end()).toHaveLength(3);
  });
  it('a flood of clients is bounded', () => {
    const play = new Play();
    for (let i = 0; i < 20_000; i++) {
      play.seconds = 1000;
      play.say(DISCOVER, { client: String(i) });
    }
    expect(play.full).toBeGreaterThan(3000);
    expect(play.end()).toHaveLength(20_000);
  });
});
