// The decoders of links, networks, transports and tunnels: each step is a frame, the carrier is `link:<LINKTYPE>`.

import { checkTransport } from '../../../src/wire/checksum.ts';
import { Cursor, MAX_LAYERS } from '../../../src/wire/cursor.ts';
import { decode } from '../../../src/wire/decode.ts';
import { describeLayers, describeTunnels } from '../../../src/wire/describe.ts';
import { SAMPLES } from '../../wire/samples.ts';
import { stateOf } from '../../wire/view.ts';
import { type Exchange, exchange } from '../kit/exchange.ts';
import { type Feeding, Finding, type Outcome, type Target } from '../kit/target.ts';

const MARGIN = 96;
/** Bytes of the fixed part of the header that `transport` promises, by IP protocol. */
const FIXED_PART: Readonly<Record<number, number>> = {
  1: 8,
  2: 8,
  6: 20,
  17: 8,
  33: 12,
  50: 8,
  58: 8,
  132: 12,
  136: 8,
};

/** Frames to start from: one of every protocol that is decoded. */
export const FRAMES: readonly Exchange[] = SAMPLES.map(({ frame, linkType }) =>
  exchange(`link:${linkType}`, [0, frame]),
);

export const linkTypeOf = ({ transport }: Exchange): number => Number(transport.slice(transport.indexOf(':') + 1)) || 1;

export class WireTarget implements Target {
  readonly name = 'wire';
  readonly code = ['src/wire/'];
  readonly seeds = FRAMES;
  readonly #cursor = new Cursor();

  constructor() {
    this.#cursor.wantChecksums = true;
  }

  isCuttable(): boolean {
    return false;
  }

  run(input: Exchange, { canary }: Feeding): Outcome {
    const linkType = linkTypeOf(input);
    const told = input.steps.map(({ bytes }) => this.#frame(bytes, linkType, canary));
    return { text: told.join('\n'), items: told.length };
  }

  #frame(bytes: Uint8Array, linkType: number, canary: number): string {
    const buffer = new Uint8Array(bytes.length + 2 * MARGIN).fill(canary);
    buffer.set(bytes, MARGIN);
    const c = this.#cursor;
    c.reset(buffer, new DataView(buffer.buffer), MARGIN, bytes.length, bytes.length);
    decode(c, linkType);
    checkTransport(c);
    checkBounds(c, MARGIN, MARGIN + bytes.length);
    return `${JSON.stringify(stateOf(c))} ${JSON.stringify(describeLayers(c))} ${JSON.stringify(describeTunnels(c))}`;
  }
}

function checkBounds(c: Cursor, from: number, to: number): void {
  const within = (what: string, at: number, length: number) => {
    if (at < from || length < 0 || at + length > to)
      throw new Finding('bounds', `${what}: [${at - from}, ${at - from + length}) of ${to - from}`);
  };
  if (c.depth > MAX_LAYERS) throw new Finding('bounds', `${c.depth} layers`);
  for (let i = 0; i < c.depth; i++) within(`layer ${i}`, c.offsets[i], c.lengths[i]);
  if (c.ipVersion !== 0) {
    within('network', c.network, c.ipVersion === 4 ? 20 : 40);
    within('payload', c.payload, c.payloadEnd - c.payload);
  }
  if (c.transport >= 0) within('transport', c.transport, FIXED_PART[c.protocol] ?? 0);
  if (c.ethernet >= 0) within('ethernet', c.ethernet, 14);
  if (c.fragment) within('fragment', c.fragmentData, c.payloadEnd - c.fragmentData);
}
