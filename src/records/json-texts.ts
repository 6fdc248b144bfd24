// JSON texts of single values, for formats whose cells hold lists, maps and trees as JSON: the same bytes as in NDJSON. Each method
// writes into the buffer `out` from its start and returns the end.

import type { Fields, JsonValue, MapEntries } from './field.ts';
import { ndjsonEncoder } from './ndjson.ts';
import { boundJson, boundMap, boundStrings, JsonWriter } from './writer.ts';

declare global {
  interface Buffer {
    utf8Slice(from?: number, to?: number): string;
  }
}

export class JsonTexts {
  readonly #writer = new JsonWriter(4096);
  readonly #lists: ReturnType<typeof ndjsonEncoder>[] = [];

  /** What the last call wrote; replaced by a bigger one when needed. */
  get out(): Buffer {
    return this.#writer.out;
  }
  /** What the last call wrote, as a string; takes that call's end. */
  text(end: number): string {
    return this.#writer.out.utf8Slice(0, end);
  }

  /** Makes the encoder of a list's entries; returns its number for `list`. */
  addList(name: string, fields: Fields): number {
    this.#lists.push(ndjsonEncoder({ name, family: 'audit', doc: '', fields }));
    return this.#lists.length - 1;
  }
  list(index: number, entries: readonly object[], flow: object): number {
    const writer = this.#writer;
    writer.restart();
    let at = 0;
    writer.out[at++] = 0x5b;
    entries.forEach((entry, i) => {
      // The encoder ends with a newline, which the comma or the bracket overwrites.
      at = this.#lists[index](entry, flow, writer, at) - 1;
      writer.out[at++] = i + 1 < entries.length ? 0x2c : 0x5d;
    });
    if (entries.length === 0) writer.out[at++] = 0x5d;
    return at;
  }
  strings(values: readonly string[]): number {
    this.#writer.restart();
    this.#writer.reserve(0, boundStrings(values));
    return this.#writer.strings(values, 0);
  }
  map(entries: MapEntries): number {
    this.#writer.restart();
    this.#writer.reserve(0, boundMap(entries));
    return this.#writer.map(entries, 0);
  }
  json(value: JsonValue): number {
    this.#writer.restart();
    this.#writer.reserve(0, boundJson(value));
    return this.#writer.json(value, 0);
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
