// Points in time as people type them: goQuery's formats, RFC 3339, Unix time, spans before now.

import { parseLongSpan } from './values.ts';

export interface Moment {
  readonly ns: bigint;
  /** What the text leaves open: a day for `2026-11-21`, a nanosecond for a Unix time. */
  readonly precisionNs: bigint;
}

export interface TimeOptions {
  /** The moment that relative times count from. */
  nowNs: bigint;
  /** A time without a zone is UTC instead of local time. */
  isUtc?: boolean;
}

const SECOND = 1_000_000_000n;
const MINUTE = 60n * SECOND;
const DAY = 86_400n * SECOND;
/** What a relative time may reach back: the store's times have 63 bits. */
const LONGEST = 50_000n * DAY;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

const CLOCK = String.raw`(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?`;
const ZONE = String.raw`(?: ?(Z|UTC|GMT|[+-]\d{2}:?\d{2}))?`;
const MONTH = '(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)';
/** Year first: 2026-11-21, 2026/11/21, 2026.11.21, 26-11-21. */
const YEAR_FIRST = new RegExp(`^(\\d{4}|\\d{2})([-/.])(\\d{1,2})\\2(\\d{1,2})${CLOCK}${ZONE}$`, 'i');
/** Day first: 21.11.2026, 21.11.26, 21-11-2026. */
const DAY_FIRST = new RegExp(`^(\\d{1,2})([-.])(\\d{1,2})\\2(\\d{4}|\\d{2})${CLOCK}${ZONE}$`, 'i');
/** ANSI C's asctime, RubyDate, UnixDate: Sat Nov 21 10:00:00 [+0100] 2026. */
const ASCTIME = new RegExp(
  `^[a-z]{3} ${MONTH} {1,2}(\\d{1,2}) (\\d{1,2}):(\\d{2}):(\\d{2})(?: (Z|UTC|GMT|[+-]\\d{4}))? (\\d{4})$`,
  'i',
);
/** RFC 822 and RFC 1123: [Sat, ]21 Nov 2026 10:00[:00] +0100. */
const MAIL = new RegExp(`^(?:[a-z]{3}, )?(\\d{1,2})[ -]${MONTH}[ -](\\d{4}|\\d{2})${CLOCK}${ZONE}$`, 'i');

/** The moment that the text names, or undefined. */
export function parseTime(text: string, options: TimeOptions): Moment | undefined {
  const trimmed = text.trim();
  if (trimmed.length > 64) return undefined;
  if (/^now$/i.test(trimmed)) return { ns: options.nowNs, precisionNs: 1n };
  if (/^-\d/.test(trimmed)) {
    const span = parseLongSpan(trimmed.replaceAll(':', ''));
    return typeof span === 'bigint' && span > -LONGEST ? { ns: options.nowNs + span, precisionNs: 1n } : undefined;
  }
  if (/^\d{1,19}(\.\d{1,9})?$/.test(trimmed)) return unixTime(trimmed);
  return calendarTime(trimmed, options);
}

/** Seconds; with 13, 16 or 19 digits milliseconds, microseconds or nanoseconds. */
function unixTime(text: string): Moment {
  const [whole, fraction] = text.split('.');
  if (fraction !== undefined) return { ns: BigInt(whole) * SECOND + BigInt(fraction.padEnd(9, '0')), precisionNs: 1n };
  const unit = whole.length <= 11 ? SECOND : whole.length <= 14 ? 1_000_000n : whole.length <= 17 ? 1000n : 1n;
  return { ns: BigInt(whole) * unit, precisionNs: unit };
}

function calendarTime(text: string, options: TimeOptions): Moment | undefined {
  let m = YEAR_FIRST.exec(text);
  // 26-11-21 is a year first as goQuery reads it, unless no such day is; 21.11.26 and 21-11-2026 are a day first.
  if (m !== null && !(m[1].length === 2 && m[2] === '.')) {
    const found = moment(m[1], Number(m[3]), m[4], m.slice(5, 9), m[9], options);
    if (found !== undefined || m[1].length === 4) return found;
  }
  m = DAY_FIRST.exec(text);
  if (m !== null) return moment(m[4], Number(m[3]), m[1], m.slice(5, 9), m[9], options);
  m = MAIL.exec(text);
  if (m !== null) return moment(m[3], monthOf(m[2]), m[1], m.slice(4, 8), m[8], options);
  m = ASCTIME.exec(text);
  if (m !== null) return moment(m[7], monthOf(m[1]), m[2], m.slice(3, 6), m[6], options);
  return undefined;
}

const monthOf = (name: string): number => MONTHS.indexOf(name.toLowerCase()) + 1;

function moment(
  yearText: string,
  month: number,
  dayText: string,
  clock: (string | undefined)[],
  zone: string | undefined,
  options: TimeOptions,
): Moment | undefined {
  const year = yearText.length === 2 ? 2000 + Number(yearText) : Number(yearText);
  const day = Number(dayText);
  const hour = Number(clock[0] ?? 0);
  const minute = Number(clock[1] ?? 0);
  const second = Number(clock[2] ?? 0);
  const utc = Date.UTC(year, month - 1, day, hour, minute, second);
  const check = new Date(Date.UTC(year, month - 1, day));
  if (check.getUTCMonth() !== month - 1 || check.getUTCDate() !== day) return undefined;
  if (year < 100 || hour > 23 || minute > 59 || second > 60) return undefined;
  let ms = utc;
  if (zone === undefined) {
    if (options.isUtc !== true) ms = new Date(year, month - 1, day, hour, minute, second).getTime();
  } else {
    const offset = /^([+-])(\d{2}):?(\d{2})$/.exec(zone);
    if (offset !== null) ms -= Number(`${offset[1]}1`) * (Number(offset[2]) * 60 + Number(offset[3])) * 60_000;
  }
  const fraction = clock[3];
  const precisionNs =
    clock[0] === undefined
      ? DAY
      : clock[2] === undefined
        ? MINUTE
        : fraction === undefined
          ? SECOND
          : 10n ** BigInt(9 - fraction.length);
  return { ns: BigInt(ms) * 1_000_000n + BigInt((fraction ?? '').padEnd(9, '0')), precisionNs };
}

/** `2026-11-21 10:00:00.123456789`, UTC: what `::TIMESTAMP_NS` reads. */
export function sqlTime(ns: bigint): string {
  return isoTime(ns).replace('T', ' ').replace('Z', '');
}

/** RFC 3339 in UTC with nine digits. */
export function isoTime(ns: bigint): string {
  let seconds = ns / SECOND;
  let nanos = ns % SECOND;
  if (nanos < 0n) {
    nanos += SECOND;
    seconds -= 1n;
  }
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${nanos.toString().padStart(9, '0')}Z`;
}
