import { describe, expect, it } from 'vitest';
import type { FlowView } from '../../../src/protocols/flow-view.ts';
import { icmp } from '../../../src/protocols/icmp/index.ts';
import type { IcmpOptions } from '../../../src/protocols/icmp/options.ts';
import { Address } from '../../../src/records/address.ts';
import { AnalyzerKit } from '../../kit/analyzer.ts';
import { echo, linkLayer, message, neighbor, v6 as v6Octets } from './build.ts';

const UNANSWERED = ['Request was received without an associated response.'];
const DUPLICATE = [
  'Another request with the same Id and Seq was received so this request was closed without receiving a response.',
];
const UNASKED = ['Response was received without an associated request.'];

const v4 = (options: Partial<IcmpOptions> = {}) => new AnalyzerKit(icmp, options, { protocol: 1 });

function v6(destinationFirstWord = 0xfd000000) {
  return new AnalyzerKit(icmp, {}, {
    protocol: 58,
    type: 'ipv6',
    source: new Address().setV6(0xfd000000, 0, 0, 1),
    destination: new Address().setV6(destinationFirstWord, 0, 0, 2),
  } as Partial<FlowView>);
}

describe('echo', () => {
  it('pairs request and reply by identifier and sequence', () => {
    const kit = v4();
    kit.message(0, echo(8, 7, 1));
    kit.message(0, echo(8, 7, 2, 'longer payload'));
    kit.nanos = 250_000;
    kit.message(1, echo(0, 7, 2, 'longer payload'));
    kit.message(1, echo(0, 7, 1));
    expect(kit.end()).toMatchObject([
      {
        type: 'icmp',
        from: 0,
        record: {
          version: 4,
          status: 'OK',
          startSeconds: 1_700_000_000,
          endSeconds: 1_700_000_000,
          endNanos: 250_000,
          duration: 250_000,
          requestMessage: 'EchoRequest',
          requestType: 8,
          requestCode: 0,
          responseMessage: 'EchoReply',
          responseType: 0,
          responseCode: 0,
          sourceBytes: 14,
          destinationBytes: 14,
          networkBytes: 28,
          echoIdentifier: 7,
          echoSequence: 2,
        },
      },
      { record: { echoSequence: 1, sourceBytes: 7, duration: 250_000 } },
    ]);
    expect(kit.emitted[0].record).not.toHaveProperty('request');
    expect(kit.counts).toEqual({});
    expect(kit.held).toBe(0);
  });

  it('takes requests of either side, and each is the source of its own', () => {
    const kit = v4();
    kit.message(1, echo(8, 1, 1));
    kit.message(0, echo(8, 1, 1));
    kit.message(0, echo(0, 1, 1));
    expect(kit.emitted).toMatchObject([{ from: 1, record: { status: 'OK' } }]);
    kit.message(1, echo(0, 1, 1));
    expect(kit.emitted).toMatchObject([{ from: 1 }, { from: 0, record: { status: 'OK' } }]);
  });

  it('counts bytes as on the wire when the capture cut them, and leaves out what is zero', () => {
    const kit = v4();
    kit.message(0, echo(8, 1, 1, ''), 1008);
    kit.message(1, echo(0, 1, 1, ''));
    expect(kit.emitted[0].record).toMatchObject({ sourceBytes: 1000, networkBytes: 1000 });
    expect(kit.emitted[0].record).not.toHaveProperty('destinationBytes');
  });

  it('publishes a request without a response once packet time has passed the timeout', () => {
    const kit = v4({ transaction_timeout: 5 });
    kit.nanos = 1;
    kit.message(0, echo(8, 1, 1));
    kit.advance(3);
    kit.message(0, echo(8, 1, 2));
    kit.advance(2);
    expect(kit.emitted).toEqual([]);
    kit.advance(1);
    expect(kit.emitted).toMatchObject([
      { from: 0, record: { status: 'Error', errorMessage: UNANSWERED, startSeconds: 1_700_000_000, startNanos: 1 } },
    ]);
    expect(kit.emitted[0].record).not.toHaveProperty('endSeconds');
    expect(kit.emitted[0].record).not.toHaveProperty('duration');
    kit.advance(3);
    expect(kit.emitted).toHaveLength(2);
    expect(kit.counts).toEqual({ unmatchedRequests: 2 });
    expect(kit.held).toBe(0);
  });

  it('publishes what waits at the end', () => {
    const kit = v4();
    kit.message(0, echo(8, 1, 1));
    expect(kit.end()).toMatchObject([{ record: { status: 'Error', errorMessage: UNANSWERED } }]);
    expect(kit.counts).toEqual({ unmatchedRequests: 1 });
  });

  it('closes a request that is repeated', () => {
    const kit = v4();
    kit.message(0, echo(8, 1, 1));
    kit.advance(1);
    kit.message(0, echo(8, 1, 1));
    kit.message(1, echo(0, 1, 1));
    expect(kit.end()).toMatchObject([
      { record: { status: 'Error', errorMessage: DUPLICATE, startSeconds: 1_700_000_000 } },
      { record: { status: 'OK', startSeconds: 1_700_000_001, duration: 0 } },
    ]);
    expect(kit.counts).toEqual({ duplicateRequests: 1 });
  });

  it('pairs a reply that was captured a little before its request', () => {
    const kit = v4({ send_request: true, send_response: true });
    kit.message(1, echo(0, 7, 2, 'pong'));
    kit.message(1, echo(0, 7, 1, 'first pong'));
    kit.nanos = 10_000_000;
    kit.message(0, echo(8, 7, 1, 'ping'));
    expect(kit.emitted).toMatchObject([
      {
        from: 0,
        record: {
          status: 'OK',
          request: 'ping',
          response: 'first pong',
          responseMessage: 'EchoReply',
          sourceBytes: 4,
          destinationBytes: 10,
          startNanos: 10_000_000,
          endNanos: 10_000_000,
          duration: 0,
        },
      },
    ]);
    kit.nanos = 10_000_001;
    kit.message(0, echo(8, 7, 2));
    expect(kit.end().slice(1)).toMatchObject([
      { record: { response: 'pong', endNanos: 0, errorMessage: UNASKED } },
      { record: { errorMessage: UNANSWERED } },
    ]);
    expect(kit.counts).toEqual({ unmatchedRequests: 1, unmatchedResponses: 1 });
    expect(kit.held).toBe(0);
  });

  it('keeps few replies that nobody has asked for, and none for long', () => {
    const kit = v4();
    for (let sequence = 0; sequence < 100; sequence++) kit.message(1, echo(0, 7, sequence));
    expect(kit.emitted).toHaveLength(35);
    kit.advance(1);
    expect(kit.emitted).toHaveLength(100);
    expect(kit.heldEarly).toBe(0);
    kit.earlyLimit = 0;
    kit.message(1, echo(0, 7, 1));
    expect(kit.emitted).toHaveLength(101);
    expect(kit.heldEarly).toBe(0);
  });

  it('publishes a response that nobody asked for, its receiver as the source', () => {
    const kit = v4();
    kit.message(0, echo(0, 1, 1));
    kit.advance(1);
    expect(kit.emitted).toMatchObject([
      {
        from: 1,
        record: {
          status: 'Error',
          errorMessage: UNASKED,
          responseMessage: 'EchoReply',
          destinationBytes: 7,
          networkBytes: 7,
          endSeconds: 1_700_000_000,
          echoIdentifier: 1,
        },
      },
    ]);
    expect(kit.emitted[0].record).not.toHaveProperty('requestMessage');
    expect(kit.counts).toEqual({ unmatchedResponses: 1 });
  });

  it('shows the data of both sides when asked, safe and bounded', () => {
    const kit = v4({ send_request: true, send_response: true });
    kit.message(0, echo(8, 1, 1, 'ping\xff'));
    kit.message(1, echo(0, 1, 1, 'x'.repeat(10_000)));
    expect(kit.emitted[0].record).toMatchObject({ request: 'ping\\xff', response: 'x'.repeat(4096) });
    expect(kit.held).toBe(0);
  });

  it('gives up the oldest request when too much waits', () => {
    const kit = v4();
    kit.holdLimit = 1000;
    for (let sequence = 0; sequence < 50; sequence++) kit.message(0, echo(8, 1, sequence));
    expect(kit.held).toBeLessThanOrEqual(1000);
    expect(kit.emitted.map(({ record }) => record.echoSequence)).toEqual([...new Array(47).keys()]);
    expect(kit.counts).toEqual({ limit: 47, unmatchedRequests: 47 });
    kit.message(1, echo(0, 1, 49));
    expect(kit.emitted.at(-1)).toMatchObject({ record: { echoSequence: 49, status: 'OK' } });
  });

  it.each([
    [13, 14, 'TimestampRequest', 'TimestampReply'],
    [15, 16, 'InfoRequest', 'InfoReply'],
    [17, 18, 'AddressMaskRequest', 'AddressMaskReply'],
  ])('pairs type %i with %i, which are no echo', (request, reply, requestMessage, responseMessage) => {
    const kit = v4();
    kit.message(0, echo(request, 1, 1));
    kit.message(1, echo(reply, 1, 1));
    expect(kit.end()).toMatchObject([{ record: { status: 'OK', requestMessage, responseMessage } }]);
    expect(kit.emitted[0].record).not.toHaveProperty('echoIdentifier');
  });

  it('pairs ICMPv6', () => {
    const kit = v6();
    kit.message(0, echo(128, 1, 1));
    kit.message(1, echo(129, 1, 1));
    expect(kit.end()).toMatchObject([
      { record: { version: 6, requestMessage: 'EchoRequest', responseMessage: 'EchoReply', requestType: 128 } },
    ]);
  });
});

describe('neighbour discovery', () => {
  it('pairs by target', () => {
    const kit = v6();
    kit.message(0, neighbor(135, 2, linkLayer(1, 0x01)));
    kit.message(0, neighbor(135, 3, linkLayer(1, 0x01)));
    kit.message(1, neighbor(136, 3, linkLayer(2, 0x03)));
    expect(kit.emitted).toMatchObject([
      {
        from: 0,
        record: {
          status: 'OK',
          requestMessage: 'NeighborSolicitation',
          responseMessage: 'NeighborAdvertisement',
          sourceBytes: 24,
          destinationBytes: 24,
          ndTarget: 'fd00::3',
          ndLinkLayerAddress: '02-00-00-00-AB-03',
        },
      },
    ]);
    kit.end();
    expect(kit.emitted[1].record).toMatchObject({ ndTarget: 'fd00::2', ndLinkLayerAddress: '02-00-00-00-AB-01' });
    expect(kit.emitted[1].record).toMatchObject({ status: 'OK', requestMessage: 'NeighborSolicitation' });
    expect(kit.emitted[1].record).not.toHaveProperty('errorMessage');
    expect(kit.counts).toEqual({});
  });

  it('publishes at once what goes to a multicast address or comes unasked, and finds nothing odd in it', () => {
    const kit = v6(0xff020000);
    kit.message(0, neighbor(135, 2));
    kit.message(0, neighbor(136, 5));
    kit.message(0, message(133, 0, [0, 0, 0, 0]));
    expect(kit.emitted).toMatchObject([
      { from: 0, record: { status: 'OK', requestMessage: 'NeighborSolicitation', ndTarget: 'fd00::2' } },
      { from: 0, record: { status: 'OK', requestMessage: 'NeighborAdvertisement', ndTarget: 'fd00::5' } },
      { from: 0, record: { status: 'OK', requestMessage: 'RouterSolicitation' } },
    ]);
  });

  it('stops at an option of length 0 and counts it, keeping what came before', () => {
    const kit = v6(0xff020000);
    kit.message(0, neighbor(135, 2, linkLayer(1, 0x01), [14, 0, 1, 1, 1, 1, 1, 1]));
    expect(kit.emitted[0].record).toMatchObject({ ndLinkLayerAddress: '02-00-00-00-AB-01' });
    expect(kit.counts).toEqual({ malformed: 1 });
  });

  it('tells a cut option from a broken one', () => {
    const kit = v6(0xff020000);
    const whole = neighbor(135, 2, linkLayer(1, 0x01));
    kit.message(0, whole.subarray(0, 28), whole.length);
    expect(kit.counts).toEqual({ truncated: 1 });
    kit.message(0, whole.subarray(0, 28));
    expect(kit.counts).toEqual({ truncated: 1, malformed: 1 });
  });
});

describe('other messages', () => {
  it('publishes them at once', () => {
    const kit = v6(0xff020000);
    kit.message(0, message(143, 0, [0, 0, 0, 1], new Array<number>(20).fill(0)));
    expect(kit.emitted).toMatchObject([{ record: { requestMessage: '143(0)', status: 'OK', sourceBytes: 20 } }]);
    expect(kit.emitted[0].record).not.toHaveProperty('endSeconds');
  });

  it('tells the groups of multicast listener discovery', () => {
    const kit = v6(0xff020000);
    const group = (kind: number, last: number, sources = 0, aux = 0) => [
      ...[kind, aux, 0, sources],
      ...v6Octets(last),
      ...new Array<number>(16 * sources + 4 * aux).fill(9),
    ];
    kit.message(0, message(131, 0, [0, 0, 0, 0], v6Octets(1)));
    kit.message(0, message(130, 0, [0, 0, 0, 0], new Array<number>(16).fill(0)));
    kit.message(0, message(143, 0, [0, 0, 0, 4], group(4, 1), group(2, 2, 2, 1), group(1, 3), group(3, 1)));
    kit.message(0, message(143, 0, [0, 0, 255, 255], group(4, 1), [4, 0]));
    kit.message(0, message(143, 0, [0, 0, 0, 2], group(4, 1, 255), [4, 0, 0, 0]));
    expect(kit.emitted.map(({ record }) => record.multicastGroups)).toEqual([
      ['fd00::1'],
      undefined,
      ['fd00::1', 'fd00::2', 'fd00::3'],
      ['fd00::1'],
      ['fd00::1'],
    ]);
  });

  it('counts messages without a whole header', () => {
    const kit = v4();
    kit.message(0, Uint8Array.of(8, 0, 0, 0, 0, 1, 0));
    kit.message(0, Uint8Array.of(8, 0, 0, 0), 64);
    kit.message(0, new Uint8Array(0));
    expect(kit.counts).toEqual({ malformed: 2, truncated: 1 });
    expect(kit.end()).toEqual([]);
  });
});
