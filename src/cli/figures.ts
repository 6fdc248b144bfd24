// Numbers for people.

const SI = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** 1234567 → "1,234,567". */
export function grouped(n: number): string {
  return n.toLocaleString('en-US');
}

/** Bytes in SI units, as goQuery prints them: "1.23 MB". */
export function siBytes(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 999.5 && unit + 1 < SI.length) {
    value /= 1000;
    unit++;
  }
  return unit === 0
    ? `${value} B`
    : `${value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)} ${SI[unit]}`;
}

/** RFC 3339 in UTC with nine digits. */
export function utcTime(seconds: number, nanos: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(nanos).padStart(9, '0')}Z`;
}

/** "1 d 4 h", "3 m 20 s", "1.204 s". */
export function span(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(3)} s`;
  const parts: [number, string][] = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'm'],
    [1, 's'],
  ];
  const out: string[] = [];
  let rest = Math.round(seconds);
  for (const [size, unit] of parts) {
    if (rest >= size && out.length < 2) {
      out.push(`${Math.floor(rest / size)} ${unit}`);
      rest %= size;
    } else if (out.length > 0) break;
  }
  return out.join(' ');
}
