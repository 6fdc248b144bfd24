// What of a configuration has changed, as paths for people.

/** Paths of settings that differ, besides the interfaces, which are changed while the daemon runs. */
export function changedSections(before: Record<string, unknown>, after: Record<string, unknown>): string[] {
  const paths: string[] = [];
  compare(before, after, '', paths);
  return paths.filter((path) => !/^capture\.(interfaces|autodetection)\b/.test(path));
}

function compare(before: unknown, after: unknown, path: string, paths: string[]): void {
  if (isRecord(before) && isRecord(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
      compare(before[key], after[key], path === '' ? key : `${path}.${key}`, paths);
  } else if (JSON.stringify(before) !== JSON.stringify(after)) paths.push(path);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
