// A reader of RFC 4180 for tests: strict, and it says which cells were in quotes.

export interface Cell {
  text: string;
  isQuoted: boolean;
}

/** Throws where the text is not what RFC 4180 section 2 allows. */
export function parseCsv(text: string): Cell[][] {
  const rows: Cell[][] = [];
  let row: Cell[] = [];
  for (let at = 0; at < text.length; ) {
    let cell: Cell;
    if (text[at] === '"') {
      let end = at + 1;
      while (text[end] !== '"' || text[end + 1] === '"') {
        if (end >= text.length) throw new Error(`quotes opened at ${at} are not closed`);
        end += text[end] === '"' ? 2 : 1;
      }
      cell = { text: text.slice(at + 1, end).replaceAll('""', '"'), isQuoted: true };
      at = end + 1;
    } else {
      const found = /[",\r\n]/.exec(text.slice(at, at + 100_000));
      const end = found === null ? text.length : at + found.index;
      cell = { text: text.slice(at, end), isQuoted: false };
      at = end;
    }
    row.push(cell);
    if (text[at] === ',') {
      at++;
      // A comma at the end of a line has one more, empty cell behind it.
      if (text[at] === '\r') row.push({ text: '', isQuoted: false });
    }
    if (text.startsWith('\r\n', at)) {
      at += 2;
      rows.push(row);
      row = [];
    } else if (text[at - 1] !== ',')
      throw new Error(`neither comma nor CR LF at ${at}: ${JSON.stringify(text.slice(at, at + 20))}`);
  }
  if (row.length > 0) throw new Error('the last row has no end');
  return rows;
}
