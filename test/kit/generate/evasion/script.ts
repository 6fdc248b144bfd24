// Connections written down step by step, as research on evasion writes them: `C@n"x"` is data of the client at relative sequence n,
// whose first byte is 1. A script becomes a capture, or is sent to a real kernel, which then answers for itself.

import { addWords, foldChecksum } from '../../../../src/wire/internet-checksum.ts';
import { type Bytes, bytes, text, u16, u32 } from '../../../wire/frames.ts';
import { ip, type MadePacket, onEthernet } from '../../packets.ts';

export const CLIENT = '10.0.0.1';
export const SERVER = '10.0.0.2';
export const CLIENT_PORT = 40_000;
export const SERVER_PORT = 80;
export const CLIENT_ISN = 1000;
export const SERVER_ISN = 5000;

const FLAGS = 'FSRPAUEC';

export interface StepFields {
  ack?: number;
  data?: string | Bytes;
  window?: number;
  ttl?: number;
  /** TSval and TSecr. */
  ts?: readonly [number, number];
  /** Urgent pointer. Written without URG too. */
  urgent?: number;
  /** Whose checksum is wrong. */
  wrong?: 'ip' | 'tcp';
  /** Options as they stand in the header, padded to words. */
  options?: Bytes;
  /** Header length field in words, when it lies. */
  headerWords?: number;
  /** Reserved bits of the flags word. */
  reserved?: number;
  /** Zeros behind the IP packet, as in short Ethernet frames. */
  padding?: number;
  /** Seconds after the step before. */
  after?: number;
}

export interface Step extends StepFields {
  from: 'C' | 'S';
  flags: string;
  /** Relative to the sender's initial sequence number. */
  seq: number;
  /** The server's initial sequence number, which a second connection changes. */
  serverIsn: number;
}

export class Script {
  readonly steps: Step[] = [];
  clientIsn = CLIENT_ISN;
  serverIsn = SERVER_ISN;
  /** Frames instead of steps: what is not TCP, or not whole. */
  readonly frames: { bytes: Bytes; after: number }[] = [];

  /** A segment of the client. */
  c(flags: string, seq: number, fields: StepFields = {}): this {
    this.steps.push({ from: 'C', flags, seq, serverIsn: this.serverIsn, ...fields });
    return this;
  }
  s(flags: string, seq: number, fields: StepFields = {}): this {
    this.steps.push({ from: 'S', flags, seq, serverIsn: this.serverIsn, ...fields });
    return this;
  }
  handshake(fields: StepFields = {}): this {
    return this.c('S', 0, { ack: -this.serverIsn, ...fields })
      .s('SA', 0, fields)
      .c('A', 1, fields);
  }
  /** Data of the client. */
  data(seq: number, data: string | Bytes, fields: StepFields = {}): this {
    return this.c('PA', seq, { data, ...fields });
  }
  /** The server acknowledges up to here. */
  acks(ack: number, fields: StepFields = {}): this {
    return this.s('A', 1, { ack, ...fields });
  }
  /** The server's whole answer to what ends at `ack`. */
  answers(ack: number, answer = ANSWER, fields: StepFields = {}): this {
    return this.s('PA', 1, { ack, data: answer, ...fields });
  }

  /** As a capture: frames with right checksums, a millisecond apart. */
  packets(): MadePacket[] {
    let at = 0;
    return [
      ...this.steps.map((step) => {
        at += step.after ?? 0.001;
        return { at, bytes: this.frame(step) };
      }),
      ...this.frames.map(({ bytes: frame, after }) => {
        at += after;
        return { at, bytes: frame };
      }),
    ];
  }

  frame(step: Step): Bytes {
    const isClient = step.from === 'C';
    const own = isClient ? this.clientIsn : step.serverIsn;
    const other = isClient ? step.serverIsn : this.clientIsn;
    const segment = tcpSegment(
      isClient ? CLIENT_PORT : SERVER_PORT,
      isClient ? SERVER_PORT : CLIENT_PORT,
      own + step.seq,
      other + (step.ack ?? 1),
      step,
    );
    const packet = ip(6, segment, {
      from: isClient ? CLIENT : SERVER,
      to: isClient ? SERVER : CLIENT,
      ttl: step.ttl ?? 64,
    });
    return bytes(onEthernet(sealed(packet, step.wrong)), new Uint8Array(step.padding ?? 0));
  }
}

export const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello';
/** What follows the path of a request. */
export const REST = ' HTTP/1.1\r\nHost: h\r\n\r\n';
export const request = (path: string): string => `GET /${path}${REST}`;

/** TS option with its two NOPs. */
export const timestamps = (value: number, echo: number): Bytes => bytes('0101080a', u32(value >>> 0), u32(echo >>> 0));

export function tcpSegment(
  sourcePort: number,
  destinationPort: number,
  sequence: number,
  acknowledgment: number,
  step: StepFields & { flags: string },
): Bytes {
  let bits = 0;
  for (const letter of step.flags) bits |= 1 << FLAGS.indexOf(letter);
  const options = bytes(step.ts === undefined ? '' : timestamps(...step.ts), step.options ?? '');
  const padded = bytes(options, new Uint8Array(-options.length & 3));
  const data = typeof step.data === 'string' ? text(step.data) : (step.data ?? new Uint8Array(0));
  return bytes(
    u16(sourcePort),
    u16(destinationPort),
    u32(sequence >>> 0),
    u32(bits & 16 || acknowledgment !== 0 ? acknowledgment >>> 0 : 0),
    ((step.headerWords ?? 5 + padded.length / 4) << 4) | (step.reserved ?? 0),
    bits,
    u16(step.window ?? 64240),
    u16(0),
    u16(step.urgent ?? 0),
    padded,
    data,
  );
}

/** An IP packet with its checksums filled in: IPv4's header, and TCP's or UDP's unless it is a fragment. */
export function sealed(packet: Bytes, wrong?: 'ip' | 'tcp'): Bytes {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  const v6 = packet[0] >> 4 === 6;
  const header = v6 ? 40 : 20;
  const protocol = v6 ? packet[6] : packet[9];
  const isFragment = !v6 && (view.getUint16(6) & 0x3fff) !== 0;
  const checksumAt = protocol === 6 ? header + 16 : protocol === 17 ? header + 6 : -1;
  if (checksumAt > 0 && !isFragment && checksumAt + 2 <= packet.length) {
    const pseudo = addWords(protocol + packet.length - header, view, v6 ? 8 : 12, header);
    view.setUint16(checksumAt, 0);
    view.setUint16(checksumAt, foldChecksum(addWords(pseudo, view, header, packet.length)) ^ (wrong === 'tcp' ? 1 : 0));
  }
  if (!v6) {
    view.setUint16(10, 0);
    view.setUint16(10, foldChecksum(addWords(0, view, 0, 20)) ^ (wrong === 'ip' ? 1 : 0));
  }
  return packet;
}
