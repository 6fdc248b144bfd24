// What the log hears of parts that may fail and come back: that one fails, why, and that it is well again. Who asks for the status sees it at
// once; who reads the log alone has to hear it, too, and not every second.

/** A disk that is full has room for a batch now and then, a bad link is up for a moment: one is well again when it was so for so long. */
const WELL_MS = 10_000;
/** Reasons that are told until it is well again. */
const MOST_REASONS = 10;

interface Trouble {
  told: Set<string>;
  wellSince: number | undefined;
}

export class Troubles {
  readonly #wellAgain: string;
  readonly #known = new Map<string, Trouble>();

  /** `wellAgain`: what is said of one that is. */
  constructor(wellAgain: string) {
    this.#wellAgain = wellAgain;
  }

  /** Is this one known yet? */
  has(name: string): boolean {
    return this.#known.has(name);
  }

  /** Whoever reads the log has heard of this trouble, '' for none. */
  remember(name: string, error: string): void {
    this.#known.set(name, { told: new Set(error === '' ? [] : [error]), wellSince: undefined });
  }

  /** A line for the log, if there is news. `error`: why it fails, '' if it is well; `nowMs`: `performance.now()`. */
  look(name: string, error: string, nowMs: number): string | undefined {
    if (!this.has(name)) this.remember(name, '');
    const trouble = this.#known.get(name)!;
    const { told } = trouble;
    if (error !== '') {
      trouble.wellSince = undefined;
      if (told.has(error) || told.size >= MOST_REASONS) return undefined;
      told.add(error);
      return `${name}: ${error}`;
    }
    if (told.size === 0) return undefined;
    trouble.wellSince ??= nowMs;
    if (nowMs - trouble.wellSince < WELL_MS) return undefined;
    told.clear();
    return `${name}: ${this.#wellAgain}`;
  }

  /** All others are forgotten. */
  keep(isThere: (name: string) => boolean): void {
    for (const name of this.#known.keys()) if (!isThere(name)) this.#known.delete(name);
  }
}
