// Packets that each are a flow of their own, at a steady rate: none can be missed for another that is counted twice.

import { join } from 'node:path';
import type { DaemonKit } from './daemon.ts';
import { writeFrames } from './namespace.ts';
import { udpFrame } from './packets.ts';

const PER_PIECE = 1000;
/** Where the source address stands, in Ethernet and IPv4. */
const SOURCE = 26;

/** Sends UDP packets of different sources to the captured interface until it is told to stop; gives how many there were. */
export function numberedTraffic(kit: DaemonKit, perSecond: number): () => Promise<number> {
  let isOver = false;
  const files = [0, 1].map((n) => join(kit.folder, `numbered-${n}.pcap`));
  const frames = Array.from({ length: PER_PIECE }, () => udpFrame(40_000, 9999));
  async function send(): Promise<number> {
    let sent = 0;
    for (let piece = 0; !isOver; piece++) {
      for (const [i, frame] of frames.entries()) {
        const number = piece * PER_PIECE + i;
        frame.set([10, (number >> 16) & 255, (number >> 8) & 255, number & 255], SOURCE);
      }
      writeFrames(files[piece % 2], frames);
      sent += await kit.ns.send('a', files[piece % 2], 1, perSecond);
    }
    return sent;
  }
  const sending = send();
  return () => {
    isOver = true;
    return sending;
  };
}
