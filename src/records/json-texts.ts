// JSON texts of single values, for formats whose cells hold lists, maps and trees as JSON: the same bytes as in NDJSON. Each method
// writes into the buffer `out`, from `from` on, and returns the end.

import type { Fields, JsonValue, MapEntries } from './field.ts';
import { ndjsonEncoder } from './ndjson.ts';
import { boundJson, boundMap, boundStrings, JsonWriter } from './writer.ts';

declare global {
  interface Buffer {
    utf8Slice(from?: number, to?: number): string;
  }
}

/** Texts stand behind each other up to here, then from the start again: what was written lately is copied (`JsonWriter.text`). */
const ROOM_BYTES = 48 * 1024;

export class JsonTexts {
  readonly #writer = new JsonWriter(ROOM_BYTES + 16 * 1024);
  readonly #lists: ReturnType<typeof ndjsonEncoder>[] = [];
  /** Where the last call began to write. */
  from = 0;
  #end = 0;

  /** What the last call wrote begins in it at `from`; replaced by a bigger one when needed. */
  get out(): Buffer {
    return this.#writer.out;
  }
  /** What the last call wrote, as a string; takes that call's end. */
  text(end: number): string {
    return this.#writer.out.utf8Slice(this.from, end);
  }

  /** Where the next text begins, with room for `bytes`. */
  #begin(bytes: number): number {
    if (this.#end > ROOM_BYTES) {
      this.#end = 0;
      this.#writer.restart();
    }
    this.from = this.#end;
    this.#writer.reserve(this.from, bytes);
    return this.from;
  }

  /** Makes the encoder of a list's entries; returns its number for `list`. */
  addList(name: string, fields: Fields): number {
    this.#lists.push(ndjsonEncoder({ name, family: 'audit', doc: '', fields }));
    return this.#lists.length - 1;
  }
  list(index: number, entries: readonly object[], flow: object): number {
    const writer = this.#writer;
    const encode = this.#lists[index];
    let at = this.#begin(8);
    writer.out[at++] = 0x5b;
    for (let i = 0; i < entries.length; i++) {
      // The encoder ends with a newline, which the comma or the bracket overwrites.
      at = encode(entries[i], flow, writer, at) - 1;
      writer.out[at++] = i + 1 < entries.length ? 0x2c : 0x5d;
    }
    if (entries.length === 0) writer.out[at++] = 0x5d;
    this.#end = at;
    return at;
  }
  strings(values: readonly string[]): number {
    return (this.#end = this.#writer.strings(values, this.#begin(boundStrings(values))));
  }
  map(entries: MapEntries): number {
    return (this.#end = this.#writer.map(entries, this.#begin(boundMap(entries))));
  }
  json(value: JsonValue): number {
    return (this.#end = this.#writer.json(value, this.#begin(boundJson(value))));
  }
}

/** The call, for generated code, that writes a field's JSON text with the `JsonTexts` J and gives its end; undefined for other kinds. */
export function jsonTextCode(
  name: string,
  field: { kind: string; sub?: unknown },
  value: string,
  texts: JsonTexts,
): string | undefined {
  switch (field.kind) {
    case 'keywords':
      return `J.strings(${value})`;
    case 'map':
      return `J.map(${value})`;
    case 'json':
      return `J.json(${value})`;
    case 'list':
      return `J.list(${texts.addList(name, field.sub as Fields)},${value},f)`;
    default:
      return undefined;
  }
}
