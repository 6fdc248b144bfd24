// A source of TCP events of your own: changes of state out of a file, one a line, such as another machine's collector wrote it:
//
//   2026-11-26T12:00:00.000Z 10.0.0.1:50000 10.0.0.2:443 SYN-SENT ESTABLISHED
//
//   netscribe tcp --event './examples/source-replay?file=changes.txt' --to ndjson:-

import { readFileSync } from 'node:fs';

/**
 * netscribe calls this once, with what stands behind the '?' as strings. It may be async.
 *
 * @param {Record<string, string>} options
 * @returns {import('netscribe').TcpStateModule}
 */
export function create(options) {
  const { file } = options;
  // What is thrown here reaches the user as it is.
  if (file === undefined) throw new Error("it needs a file: 'source-replay?file=changes.txt'");
  let lines = [];
  let next = 0;
  let lost = 0;
  return {
    name: 'replay',

    /** Whether it can run here, and what it will not see. Changes nothing. */
    async probe() {
      return { usable: true, detail: 'sees what is in the file' };
    },

    /** Begins. `filter` says what is asked for; what comes out is filtered afterwards unless `filters` is true. */
    async start(_filter) {
      lines = readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line.trim() !== '');
    },

    /** Hands on at most `max` events without waiting, and returns how many. */
    drain(max, emit) {
      let count = 0;
      for (; count < max && next < lines.length; next++) {
        const event = read(lines[next]);
        if (event === undefined) lost++;
        else {
          emit(event);
          count++;
        }
      }
      return count;
    },

    /** What was there, what was handed on, what was lost on the way. */
    stats() {
      return { produced: next, delivered: next - lost, lost };
    },

    close() {},
  };
}

/** The event of a line; undefined when the line says nothing. */
function read(line) {
  const match = /^(\S+) (\S+):(\d+) (\S+):(\d+) (\S+) (\S+)$/.exec(line.trim());
  if (match === null || Number.isNaN(Date.parse(match[1]))) return undefined;
  const [, time, local, localPort, remote, remotePort, oldState, newState] = match;
  return {
    kind: 'state',
    timeMs: Date.parse(time),
    local,
    localPort: Number(localPort),
    remote,
    remotePort: Number(remotePort),
    oldState,
    newState,
  };
}
