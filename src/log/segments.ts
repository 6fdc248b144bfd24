// The files of a log: `<first sequence number>-<salt>.log`.

import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { FrameFile } from './frame.ts';

const NAME = /^(\d{16})-([0-9a-f]{8})\.log$/;

export interface LogSegment {
  readonly path: string;
  readonly first: number;
  readonly salt: number;
  bytes: number;
  /** Rows of frame `first + i`; 0 for one that is damaged. */
  readonly rows: number[];
}

export function newSegment(directory: string, first: number): LogSegment {
  const salt = randomBytes(4).readUInt32LE(0);
  const name = `${String(first).padStart(16, '0')}-${salt.toString(16).padStart(8, '0')}.log`;
  return { path: join(directory, name), first, salt, bytes: 0, rows: [] };
}

/** The segments of a directory, oldest first. Their frames are not read yet. */
export function listSegments(directory: string): LogSegment[] {
  const segments: LogSegment[] = [];
  for (const name of readdirSync(directory)) {
    const match = NAME.exec(name);
    if (match === null) continue;
    segments.push({
      path: join(directory, name),
      first: Number(match[1]),
      salt: Number.parseInt(match[2], 16),
      bytes: 0,
      rows: [],
    });
  }
  return segments.sort((a, b) => a.first - b.first);
}

/**
 * Reads the headers of a segment, and with `checkBodies` everything: fills in `bytes` and `rows`. Returns the end of the last
 * undamaged frame and the length of the file; what is between the two is a frame that a crash cut off.
 */
export function scanSegment(segment: LogSegment, checkBodies: boolean): { end: number; size: number } {
  const fd = openSync(segment.path, 'r');
  try {
    const { size } = fstatSync(fd);
    const file = new FrameFile(fd, segment.salt);
    let end = 0;
    let header = file.findHeader(0, size);
    while (header !== undefined) {
      if (!checkBodies || file.entry(header) !== undefined) {
        end = header.end;
        noteRows(segment, header.sequence, header.rows);
      }
      const next: number = header.end;
      header = file.headerAt(next, size) ?? file.findHeader(next, size);
    }
    segment.bytes = size;
    return { end, size };
  } finally {
    closeSync(fd);
  }
}

export function noteRows(segment: LogSegment, sequence: number, rows: number): void {
  const index = sequence - segment.first;
  // A sequence number below the segment's own cannot be; far above it would mean millions of frames lost within one file.
  if (index < segment.rows.length || index - segment.rows.length > 1_000_000) return;
  while (segment.rows.length < index) segment.rows.push(0);
  segment.rows.push(rows);
}
