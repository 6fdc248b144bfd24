// What an answer lacks as a header field, for forms that have no place for it: a list of texts, as RFC 9651 writes them.

export const LACKING = 'netscribe-lacking';

export function lackingField(lacking: readonly string[]): string {
  return lacking.map(textItem).join(', ');
}

/** A String (section 3.3.3), or a Display String (3.3.8) where there is more than ASCII: names of folders may have any byte. */
function textItem(text: string): string {
  if (/^[ -~]*$/.test(text)) return `"${text.replace(/["\\]/g, '\\$&')}"`;
  let encoded = '';
  for (const byte of Buffer.from(text)) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25 && byte !== 0x22;
    encoded += isPlain ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`;
  }
  return `%"${encoded}"`;
}
