// Which header fields a record shows of one message: content length and type, and those that somebody wants to see.

import type { MapEntries } from '../../records/field.ts';
import type { Message } from './message.ts';

export class ShownHeaders {
  // What most messages show is the same two entries: filled anew, not made anew.
  readonly #length: [string, string | number] = ['content-length', 0];
  readonly #type: [string, string] = ['content-type', ''];
  readonly #lengthAlone: MapEntries = [this.#length];
  readonly #both: MapEntries = [this.#length, this.#type];

  /** Valid until the next call. undefined: there is nothing to show. */
  of(message: Message): MapEntries | undefined {
    if (message.isSimple) return undefined;
    const known = this.#known(message);
    const { headers } = message;
    if (headers !== undefined) return [...known, ...headers];
    return known.length > 0 ? known : undefined;
  }

  /** Content length and type are always told: what the field says, or the length of the body when there is none. */
  #known(message: Message): MapEntries {
    this.#type[1] = message.contentType;
    if (message.isHeadCut && !message.hasContentLength && message.oddContentLength === '')
      return message.contentType === '' ? [] : [this.#type];
    this.#length[1] = message.hasContentLength ? message.contentLength : message.oddContentLength || message.bodyBytes;
    return message.contentType === '' ? this.#lengthAlone : this.#both;
  }
}
