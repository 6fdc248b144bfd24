// Text that may come from an attacker, made safe for a terminal: nothing in it moves the cursor, colours, rings or reorders.

// C0, DEL, C1, and the marks that change the direction or the visibility of text (Unicode UAX #9, "Trojan Source").
const DANGEROUS =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Cs}/gu;
const NAMED = new Map([
  ['\t', '\\t'],
  ['\n', '\\n'],
  ['\r', '\\r'],
]);

/** Control characters, escapes and bidirectional marks as `\n`, `\x1b`, `\u202e`; all else unchanged. */
export function shownText(text: string): string {
  return text.replace(DANGEROUS, (c) => {
    const code = c.charCodeAt(0);
    return (
      NAMED.get(c) ??
      (code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`)
    );
  });
}

const ZERO_WIDTH = /\p{Mn}|\p{Me}/u;

/** Columns that a text takes on a terminal: combining marks none, East Asian wide characters and emoji two. */
export function shownWidth(text: string): number {
  let width = 0;
  for (const c of text) {
    const code = c.codePointAt(0)!;
    if (code < 0x300) width += 1;
    else if (!ZERO_WIDTH.test(c)) width += isWide(code) ? 2 : 1;
  }
  return width;
}

function isWide(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd)
  );
}
