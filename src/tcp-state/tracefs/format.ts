// An event's `format` file: its number, where its fields stand, and the words that its print format has for numbers
// (Documentation/trace/events.rst). They differ from kernel to kernel, so nothing of it is written down here.

export interface Place {
  offset: number;
  size: number;
}
export interface EventFormat {
  /** Number of the event, which its records begin with. */
  id: number;
  fields: ReadonlyMap<string, Place>;
  /** `__print_symbolic` of a field: words by number. */
  words(field: string): ReadonlyMap<number, string>;
}

const FIELD = /field:(?:[^;]*?[\s*])?(\w+)(?:\[\d*\])?;\s*offset:(\d+);\s*size:(\d+);/g;

/** Throws Error when the text is no format. */
export function parseFormat(text: string): EventFormat {
  const id = Number(/^ID:\s*(\d+)/m.exec(text)?.[1]);
  const fields = new Map<string, Place>();
  for (const [, name, offset, size] of text.matchAll(FIELD)) {
    fields.set(name, { offset: Number(offset), size: Number(size) });
  }
  if (!Number.isInteger(id) || fields.size === 0) throw new Error('this is no event format');
  return {
    id,
    fields,
    words(field) {
      const list = new RegExp(`__print_symbolic\\(REC->${field},((?:\\s*\\{[^}]*\\},?)*)\\)`).exec(text)?.[1] ?? '';
      return new Map([...list.matchAll(/\{\s*(\d+),\s*"([^"]*)"\s*\}/g)].map(([, n, word]) => [Number(n), word]));
    },
  };
}

/** `header_page`: where a page's time, length and data stand. */
export function parseHeaderPage(text: string): { commit: Place; data: number } {
  const fields = new Map(
    [...text.matchAll(FIELD)].map(([, name, offset, size]) => [name, { offset: Number(offset), size: Number(size) }]),
  );
  const commit = fields.get('commit');
  const data = fields.get('data');
  if (commit === undefined || data === undefined) throw new Error('this is no description of a page');
  return { commit, data: data.offset };
}
