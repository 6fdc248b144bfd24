// What DuckDB's regular expressions (RE2, https://github.com/google/re2/wiki/Syntax) can do, checked before they reach it.

/** Longer expressions only cost memory. */
export const MAX_REGEX_LENGTH = 1000;
/** RE2's own limit on `{n,m}`. */
const MAX_REPEAT = 1000;

export interface RegexProblem {
  readonly at: number;
  readonly reason: string;
  readonly hint?: string;
}

/** The first thing in the expression that RE2 cannot do, or undefined. One pass. */
export function regexProblem(source: string): RegexProblem | undefined {
  if (source.length > MAX_REGEX_LENGTH)
    return { at: 0, reason: `the expression is longer than ${MAX_REGEX_LENGTH} characters` };
  const open: number[] = [];
  let canRepeat = false;
  for (let i = 0; i < source.length; i++) {
    const c = source[i];
    if (c === '\\') {
      const next = source[i + 1];
      if (next === undefined) return { at: i, reason: 'a backslash at the end escapes nothing' };
      if (/[1-9k]/.test(next))
        return { at: i, reason: 'back references are not possible', hint: 'the search takes linear time (RE2)' };
      if (!/[aftnrvdswDSWbBAzCQEpPx0-9]/.test(next) && /[A-Za-z]/.test(next))
        return { at: i, reason: `\\${next} means nothing here` };
      i += 1;
      canRepeat = true;
    } else if (c === '[') {
      const end = classEnd(source, i);
      if (end < 0) return { at: i, reason: 'this [ is never closed' };
      i = end;
      canRepeat = true;
    } else if (c === '(') {
      if (source[i + 1] === '?') {
        const form = /^\(\?(?:P?<[A-Za-z_]\w*>|[imsU]*(?:-[imsU]+)?[:)])/.exec(source.slice(i, i + 80));
        if (form === null) {
          const isLook = /^\(\?<?[=!]/.test(source.slice(i, i + 4));
          return {
            at: i,
            reason: isLook ? 'looking ahead or behind is not possible' : 'this kind of group is not possible',
            hint: 'the search takes linear time (RE2); say it with "and not"',
          };
        }
        i += form[0].length - 1;
        if (form[0].endsWith(')')) {
          canRepeat = false;
          continue;
        }
      }
      open.push(i);
      canRepeat = false;
    } else if (c === ')') {
      if (open.pop() === undefined) return { at: i, reason: 'this ) closes nothing' };
      canRepeat = true;
    } else if (c === '*' || c === '+' || c === '?') {
      if (!canRepeat) return { at: i, reason: `there is nothing before this ${c} to repeat` };
      if (source[i + 1] === '?') i += 1;
      canRepeat = false;
    } else if (c === '{') {
      const m = /^\{(\d+)(?:,(\d*))?\}/.exec(source.slice(i, i + 24));
      if (m === null) {
        canRepeat = true;
        continue;
      }
      if (!canRepeat) return { at: i, reason: 'there is nothing before this { to repeat' };
      const low = Number(m[1]);
      const high = m[2] === undefined || m[2] === '' ? low : Number(m[2]);
      if (low > MAX_REPEAT || high > MAX_REPEAT || high < low)
        return { at: i, reason: `a repetition goes from a smaller number to a larger one, at most ${MAX_REPEAT}` };
      i += m[0].length - 1;
      if (source[i + 1] === '?') i += 1;
      canRepeat = false;
    } else canRepeat = c !== '|' && c !== '^';
  }
  const left = open.pop();
  return left === undefined ? undefined : { at: left, reason: 'this ( is never closed' };
}

/** Where the class that begins at `at` ends, or -1. A `]` that comes first is a member. */
function classEnd(source: string, at: number): number {
  let i = at + 1;
  if (source[i] === '^') i += 1;
  if (source[i] === ']') i += 1;
  for (; i < source.length; i++) {
    if (source[i] === '\\') i += 1;
    else if (source.startsWith('[:', i)) {
      const end = source.indexOf(':]', i + 2);
      if (end < 0) return -1;
      i = end + 1;
    } else if (source[i] === ']') return i;
  }
  return -1;
}
