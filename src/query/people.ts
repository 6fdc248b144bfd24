// Numbers and times as people read them: SI units, short spans, local time.

const SI = ['', 'k', 'M', 'G', 'T', 'P', 'E'];

/** `1.23 MB`, `512 B`: SI, two decimals above a thousand. */
export const bytesText = (n: number | bigint): string => `${scaled(n)}B`;

/** `1.23 k`, `512`. */
export const countText = (n: number | bigint): string => scaled(n).trimEnd();

function scaled(n: number | bigint): string {
  let value = Number(n);
  let unit = 0;
  while (Math.abs(value) >= 999.995 && unit < SI.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return unit === 0 ? `${value} ` : `${value.toFixed(2)} ${SI[unit]}`;
}

/** A span given in ns: `84.1 ms`, `1.20 s`, `2h 05m 10s`, `3d 04h`. */
export function spanText(ns: number | bigint): string {
  const n = Number(ns);
  const size = Math.abs(n);
  if (size < 1e3) return `${n} ns`;
  if (size < 999.95e3) return `${(n / 1e3).toFixed(1)} µs`;
  if (size < 999.95e6) return `${(n / 1e6).toFixed(1)} ms`;
  if (size < 60e9) return `${(n / 1e9).toFixed(2)} s`;
  const seconds = Math.round(size / 1e9);
  const sign = n < 0 ? '-' : '';
  const two = (x: number) => String(Math.floor(x)).padStart(2, '0');
  if (seconds < 3600) return `${sign}${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  if (seconds < 86_400)
    return `${sign}${Math.floor(seconds / 3600)}h ${two((seconds / 60) % 60)}m ${two(seconds % 60)}s`;
  return `${sign}${Math.floor(seconds / 86_400)}d ${two((seconds / 3600) % 24)}h ${two((seconds / 60) % 60)}m`;
}

export interface ClockOptions {
  isUtc?: boolean;
  /** Digits of the second's fraction, 0 to 9. */
  digits?: number;
}

/** `2026-11-21 10:00:00.123`, local time or UTC; the zone stands in the header of the table. */
export function clockText(ns: bigint, options: ClockOptions = {}): string {
  const seconds = ns / 1_000_000_000n - (ns % 1_000_000_000n < 0n ? 1n : 0n);
  const date = new Date(Number(seconds) * 1000);
  const shift = options.isUtc === true ? 0 : date.getTimezoneOffset() * 60_000;
  const text = new Date(date.getTime() - shift).toISOString().slice(0, 19).replace('T', ' ');
  const digits = options.digits ?? 0;
  if (digits === 0) return text;
  return `${text}.${(ns - seconds * 1_000_000_000n).toString().padStart(9, '0').slice(0, digits)}`;
}

/** The zone of local times at this moment: `UTC`, `+01:00`. */
export function zoneText(ns: bigint | undefined, isUtc: boolean): string {
  if (isUtc) return 'UTC';
  const minutes = -(ns === undefined ? new Date() : new Date(Number(ns / 1_000_000n))).getTimezoneOffset();
  if (minutes === 0) return 'UTC';
  const two = (x: number) => String(x).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
}
