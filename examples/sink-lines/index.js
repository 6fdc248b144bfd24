// A sink of your own: writes each record as one line of a file, its type in front, and says at the end how many there were.
//
//   netscribe capture -r traffic.pcap --to './examples/sink-lines?file=records.txt'

import { open } from 'node:fs/promises';

/**
 * netscribe calls this once per `--to`, with what stands behind the '?' as strings. It may be async.
 *
 * @param {Record<string, string>} options
 * @returns {import('netscribe').RowSink}
 */
export function create(options) {
  const { file: path, ...unknown } = options;
  // What is thrown here reaches the user as it is.
  if (path === undefined) throw new Error("it needs a file: 'sink-lines?file=records.txt'");
  if (Object.keys(unknown).length > 0) throw new Error(`there is no option '${Object.keys(unknown)[0]}'`);

  let file;
  let names = [];
  let lines = 0;
  return {
    name: 'lines',
    // What `write` gets: 'ndjson' or 'csv' for rows of text, 'columns' for typed arrays, 'packets' for packets.
    encoding: 'ndjson',

    /** Once, before the first record. `types` are the records to come. */
    async open(types) {
      names = types.map((type) => type.name);
      file = await open(path, 'w');
    },

    /** Row after row of a batch. Its memory is ours until the promise resolves; the next batch comes after that. */
    async write(batch) {
      const bytes = Buffer.from(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.length);
      const out = [];
      for (let row = 0, from = 0; row < batch.rows; row++) {
        const to = batch.ends[row];
        out.push(names[batch.types[row]], ' ', bytes.toString('utf8', from, to));
        from = to;
      }
      lines += batch.rows;
      await file.write(out.join(''));
    },

    /** The run is over: everything must be safe when this resolves. `facts` says what the run was. */
    async close(facts) {
      await file.write(`# ${lines} records of ${facts.packets} packets\n`);
      await file.sync();
      await file.close();
    },

    /** The run failed: leave as little as possible behind. */
    async abort() {
      await file?.close();
    },
  };
}
