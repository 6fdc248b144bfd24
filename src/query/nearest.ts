// The name that somebody meant: for "dprt: dport?".

/** Longer words are no typing errors of ours; keeps the work per candidate constant. */
const MAX_LENGTH = 64;

/** Up to `count` of the candidates that are most like `word`: equal last parts first (`status_code`), then few typing errors. */
export function nearest(word: string, candidates: Iterable<string>, count = 3): string[] {
  const wanted = word.toLowerCase();
  if (wanted.length === 0 || wanted.length > MAX_LENGTH) return [];
  const limit = Math.max(1, Math.floor(wanted.length / 3));
  const found: { name: string; distance: number }[] = [];
  for (const name of new Set(candidates)) {
    if (name.length > MAX_LENGTH) continue;
    const lower = name.toLowerCase();
    if (wanted.length > 2 && lower.endsWith(`.${wanted}`)) found.push({ name, distance: 0.5 });
    else if (Math.abs(lower.length - wanted.length) <= limit) {
      const d = distance(wanted, lower);
      if (d <= limit) found.push({ name, distance: d });
    }
  }
  found.sort((a, b) => a.distance - b.distance || a.name.length - b.name.length || (a.name < b.name ? -1 : 1));
  return found.slice(0, count).map((f) => f.name);
}

/** Edits (insert, delete, replace, swap of neighbours) that make `b` of `a`. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(above[j] + 1, row[j - 1] + 1, above[j - 1] + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, before[j - 2] + 1);
      row.push(best);
    }
    before = above;
    above = row;
  }
  return above[b.length];
}

/** "did you mean dport or sport?", or undefined when nothing is near. */
export function suggestion(word: string, candidates: Iterable<string>): string | undefined {
  const names = nearest(word, candidates);
  return names.length === 0 ? undefined : `${word}: ${names.join(' or ')}?`;
}
