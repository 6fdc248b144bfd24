// Unix times as text: RFC 3339, UTC, nine digits. Texts of this form sort as the times do.

const pad = (value: number, digits: number): string => String(value).padStart(digits, '0');

/** `2026-11-21T14:00:00.000000001Z`. */
export function rfc3339(seconds: number, nanos: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${pad(nanos, 9)}Z`;
}

/** `2026-11-21` of a number of days since 1970. */
export const dayText = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10);

/** `07` of a number of hours since 1970. */
export const hourText = (hour: number): string => pad(hour % 24, 2);
