// What a command answers: standard output, which may be a pipe that is full, closed, or a file on a disk that is full.

import { writeAll } from '../sinks/output.ts';

/** Throws SinkError, and ReaderGone where nobody reads any more. */
export function print(text: string): void {
  writeAll(1, Buffer.from(text), 'standard output');
}
