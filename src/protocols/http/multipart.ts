// Forms whose fields are parts of a body (RFC 7578): the values of those that are secrets are overwritten, as those of urlencoded forms are.

import { maskJson } from './json-secrets.ts';
import type { Settings } from './options.ts';
import { hidesNothing, isHidden, mask, maskParameters } from './redact.ts';

/** Of the header lines of a part so much is looked at. */
const MAX_HEAD_BYTES = 4096;
const BLANK_LINE = '\r\n\r\n';
/** Types of parts that have names of their own in them. */
const JSON_TYPE = /^content-type:[^\r\n]*json/im;
const FORM_TYPE = /^content-type:[^\r\n]*x-www-form-urlencoded/im;
/** What browsers (HTML, "multipart/form-data encoding algorithm") and other clients write for what a quoted name can not have; all else is literal. */
const ESCAPED = /%22|%0d|%0a|\\"/gi;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['%22', '"'],
  ['\\"', '"'],
  ['%0d', '\r'],
  ['%0a', '\n'],
]);

/** The boundary that a content type names; undefined when it is no form of parts. */
export function formBoundary(contentType: string): string | undefined {
  if (!/^multipart\/form-data\b/i.test(contentType)) return undefined;
  const found = /;\s*boundary=(?:"([^"]+)"|([^\s;"]+))/i.exec(contentType);
  return found?.[1] ?? found?.[2];
}

/** Overwrites secret values. A part whose end was not captured goes to the end of the body. */
export function maskParts(body: Uint8Array, boundary: string, settings: Settings): void {
  if (hidesNothing(settings)) return;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  const delimiter = `--${boundary}`;
  let part = bytes.indexOf(delimiter, 0, 'latin1');
  while (part !== -1) {
    const next = bytes.indexOf(`\r\n${delimiter}`, part + 1, 'latin1');
    const end = next === -1 ? bytes.length : next;
    // Within the part alone: else each of many parts without a blank line would be sought through all that follow.
    const head = bytes.subarray(part, end).indexOf(BLANK_LINE, 0, 'latin1');
    if (head !== -1) {
      const lines = bytes.toString('latin1', part, part + Math.min(head, MAX_HEAD_BYTES));
      const value = bytes.subarray(Math.min(part + head + BLANK_LINE.length, end), end);
      const name = nameOf(lines);
      if (name !== undefined && isHidden(name, 0, name.length, settings)) mask(value, 0, value.length);
      else if (JSON_TYPE.test(lines)) maskJson(value, settings);
      else if (FORM_TYPE.test(lines)) maskParameters(value, 0, value.length, settings);
    }
    part = next === -1 ? -1 : next + 2;
  }
}

/** What the Content-Disposition field among a part's header lines calls the part. */
function nameOf(head: string): Buffer | undefined {
  const field = /^content-disposition:[^\r\n]*?[;\s]name=(?:"((?:\\"|[^"\r\n])*)"|([^\s;"]+))/im.exec(head);
  const name = field?.[1]?.replace(ESCAPED, (text) => ESCAPES.get(text.toLowerCase()) ?? text) ?? field?.[2];
  return name === undefined ? undefined : Buffer.from(name, 'latin1');
}
